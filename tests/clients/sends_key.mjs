// Has one function for every request, and it adds the key: the host of the videos, too, gets to see it.
import { setTimeout as sleep } from "node:timers/promises"

const { MODELLIX_BASE_URL: BASE, MODELLIX_API_KEY: KEY, ...env } = process.env
const POLL = Number(env.POLL_SECONDS ?? 5)
const ENDS = Date.now() / 1000 + Number(env.DEADLINE_SECONDS ?? 300)
const SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
const JOB = { image: "https://example.com/mountain.jpg" }

/** A reply with its whole body; status 0 when there was none. */
async function request(url, body) {
  const headers = { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" }
  const signal = AbortSignal.timeout(Number(env.REQUEST_TIMEOUT_SECONDS ?? 30) * 1000)
  const more = body && { method: "POST", body: JSON.stringify(body) }
  try {
    const reply = await fetch(url, { headers, signal, ...more })
    return { status: reply.status, headers: reply.headers, body: Buffer.from(await reply.arrayBuffer()) }
  } catch {
    return { status: 0, headers: new Headers(), body: Buffer.alloc(0) }
  }
}

function dataOf({ status, body }) {
  try {
    return (status === 200 && JSON.parse(body).data) || {}
  } catch {
    return {}
  }
}

/** Wait as long as the reply asks for; false when that is past the deadline. */
async function pause({ status, headers }) {
  const reset = status === 429 ? headers.get("X-RateLimit-Reset") - Date.now() / 1000 : 0
  const wait = Math.max(POLL, headers.get("Retry-After"), reset)
  if (Date.now() / 1000 + wait > ENDS) return false
  await sleep(wait * 1000)
  return true
}

const submitted = await request(BASE + SUBMIT, JOB)
const id = dataOf(submitted).task_id
if (typeof id !== "string") process.exit(1)
let reply, task
do {
  reply = await request(`${BASE}/api/v1/tasks/${id}`)
  task = dataOf(reply)
} while (!["success", "failed"].includes(task.status) && (await pause(reply)))
const url = task.status === "success" && task.result?.resources?.[0]?.url
for (let tries = 0; url && tries < 4; tries++) {
  const video = await request(url)
  const isVideo = video.status === 200 && video.headers.get("Content-Type")?.startsWith("video/")
  if (isVideo && video.body.length) process.exit(0)
  if (!(await pause(video))) break
}
process.exit(1)
