// A good client on Node's fetch. It submits again after a definite refusal (429), and after nothing else.
// Exit code 0: the video is here, whole. With an argument, it is written to that file.
import { writeFile } from "node:fs/promises"
import { setTimeout as sleep } from "node:timers/promises"

const { MODELLIX_BASE_URL: BASE, MODELLIX_API_KEY: KEY } = process.env
const seconds = (name, usual) => Number(process.env[name] ?? usual)
const POLL = seconds("POLL_SECONDS", 5)
const PATIENCE = seconds("REQUEST_TIMEOUT_SECONDS", 30) // of one request
const ENDS = Date.now() / 1000 + seconds("DEADLINE_SECONDS", 300) // of the whole
const SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
const JOB = { image: "https://example.com/mountain.jpg" }
const MISSES = 3 // polls in a row that may say 404: what was accepted a moment ago may not be found yet

const timeout = () => AbortSignal.timeout(PATIENCE * 1000)

/** Status, data and headers of a reply of the API; status 0 when it did not arrive whole. */
async function ask(path, body) {
  const headers = { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" }
  const more = body && { method: "POST", body: JSON.stringify(body) }
  try {
    const reply = await fetch(BASE + path, { headers, signal: timeout(), redirect: "error", ...more })
    const told = await reply.json().catch(() => null)
    return { status: reply.status, data: told?.data ?? {}, headers: reply.headers }
  } catch {
    return { status: 0, data: {}, headers: new Headers() }
  }
}

/** Wait at least so long, and as long as the reply asks for; an error when that is past the deadline. */
async function pause(least, { status, headers }) {
  const reset = status === 429 ? Number(headers.get("X-RateLimit-Reset")) - Date.now() / 1000 : 0
  const wait = Math.max(least, Number(headers.get("Retry-After")) || 0, reset || 0)
  if (Date.now() / 1000 + wait > ENDS) throw new Error("no video within the deadline")
  await sleep(wait * 1000)
}

async function submitted() {
  let reply = await ask(SUBMIT, JOB)
  for (; reply.status === 429; reply = await ask(SUBMIT, JOB)) await pause(POLL, reply)
  if (reply.status === 200 && typeof reply.data.task_id === "string") return reply.data.task_id
  throw new Error(`not accepted for sure, and not tried again: status ${reply.status}`)
}

async function finished(id) {
  for (let failures = 0; ; ) {
    const reply = await ask(`/api/v1/tasks/${encodeURIComponent(id)}`)
    const { status, data } = reply
    const isTold = status === 200 && typeof data.status === "string" // else the next poll may know more
    failures = isTold ? 0 : failures + 1
    if (isTold && data.status === "success") return data.result?.resources?.[0]?.url
    if (isTold && data.status === "failed") throw new Error(`${id} failed`)
    if ([400, 401, 403].includes(status) || (status === 404 && failures >= MISSES))
      throw new Error(`${id} can't be asked for: status ${status}`)
    await pause(Math.min(POLL * 2 ** failures, 60), reply)
  }
}

/** The whole file. No key goes along: the URL is open, and its host, or one it leads to, another. */
async function fetched(url) {
  for (let tries = 1; ; tries++) {
    try {
      const reply = await fetch(url, { headers: { "Accept-Encoding": "identity" }, signal: timeout() })
      const file = Buffer.from(await reply.arrayBuffer())
      const isVideo = reply.status === 200 && reply.headers.get("Content-Type")?.startsWith("video/")
      if (isVideo && file.length && file.length === Number(reply.headers.get("Content-Length"))) return file
    } catch {} // half a file is none
    if (tries === 4) throw new Error("the video can't be fetched")
    await pause(POLL, { headers: new Headers() })
  }
}

try {
  const url = await finished(await submitted())
  if (!url) throw new Error("a success without a video")
  const file = await fetched(url)
  if (process.argv[2]) await writeFile(process.argv[2], file)
  console.log(`${file.length} bytes from ${url}`)
} catch (problem) {
  console.error(problem.message)
  process.exitCode = 1
}
