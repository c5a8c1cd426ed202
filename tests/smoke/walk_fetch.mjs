// Submit, poll and download with Node's own fetch. Arguments: the URL to submit to, seconds, file.
import { writeFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"

const [url, seconds, path] = process.argv.slice(2)
const ask = async (where, more) => {
  const signal = AbortSignal.timeout(10_000)
  const headers = { Authorization: "Bearer mock-fetch", "Content-Type": "application/json" }
  const reply = await fetch(where, { headers, signal, ...more })
  if (!reply.ok) throw new Error(`${reply.status} at ${where}: ${await reply.text()}`)
  return reply
}

const body = JSON.stringify({ image: "https://example.com/mountain.jpg", duration: Number(seconds) })
const submitted = await (await ask(url, { method: "POST", body })).json()
const seen = []
let data
while (seen.at(-1) !== "success" && seen.length < 100) {
  await sleep(seen.length ? 100 : 0)
  data = (await (await ask(new URL(`/api/v1/tasks/${submitted.data.task_id}`, url))).json()).data
  seen.push(data.status)
}
const video = await ask(data.result.resources[0].url)
writeFileSync(path, Buffer.from(await video.arrayBuffer()))
const [type, length] = ["content-type", "content-length"].map(name => video.headers.get(name))
console.log(JSON.stringify({ seen, type, length }))
