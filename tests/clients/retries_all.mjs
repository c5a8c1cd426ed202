// Repeats whatever went wrong, the submission too: a job whose answer was lost is made and paid for again.
import { setTimeout as sleep } from "node:timers/promises"

const { MODELLIX_BASE_URL: BASE, MODELLIX_API_KEY: KEY, ...env } = process.env
const POLL = Number(env.POLL_SECONDS ?? 5)
const ENDS = Date.now() / 1000 + Number(env.DEADLINE_SECONDS ?? 300)
const SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
const headers = { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" }
const job = { method: "POST", headers, body: JSON.stringify({ image: "https://example.com/mountain.jpg" }) }

/** What `read` makes of the first reply that is a good one, null when there is none to be had. */
async function persistent(url, options, read) {
  for (;;) {
    let wait = POLL
    try {
      const signal = AbortSignal.timeout(Number(env.REQUEST_TIMEOUT_SECONDS ?? 30) * 1000)
      const reply = await fetch(url, { ...options, signal })
      if ([400, 401, 402, 403].includes(reply.status)) return null
      const reset = reply.status === 429 ? reply.headers.get("X-RateLimit-Reset") - Date.now() / 1000 : 0
      wait = Math.max(wait, reply.headers.get("Retry-After"), reset)
      if (reply.ok) return await read(reply)
    } catch {} // once more
    if (Date.now() / 1000 + wait > ENDS) return null
    await sleep(wait * 1000)
  }
}

async function told(reply) {
  const { data } = await reply.json()
  if (typeof data.task_id !== "string" || typeof data.status !== "string") throw new Error("no task")
  return data
}

async function whole(reply) {
  const file = await reply.arrayBuffer()
  if (!reply.headers.get("Content-Type").startsWith("video/") || !file.byteLength) throw new Error("no video")
  return file
}

let task = await persistent(BASE + SUBMIT, job, told)
const id = task?.task_id
while (task && !["success", "failed"].includes(task.status)) {
  await sleep(POLL * 1000)
  task = Date.now() / 1000 < ENDS ? await persistent(`${BASE}/api/v1/tasks/${id}`, { headers }, told) : null
}
const url = task?.result?.resources?.[0]?.url
process.exitCode = url && (await persistent(url, {}, whole)) ? 0 : 1
