// A process of its own that uploads: so many files of so many bytes at once, each in a form. It says `ready`, begins when it
// is told anything, and prints its seconds.
// Arguments: address, token, bytes of a file, files.
import { once } from 'node:events'
import { request } from 'node:http'

/** As long as those of browsers: the longer it is, the quicker it is not found. */
const BOUNDARY = '----WebKitFormBoundary7MA4YWxkTrZu0gW1'
const CHUNK = Buffer.alloc(2 ** 20, 'What was said, was said. ')

const [address = '', token = '', bytes = '0', files = '1'] = process.argv.slice(2)

async function upload(size: number, name: string): Promise<void> {
  // No two are the same file, or the server would keep one of them.
  const head = Buffer.from(
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${name}.txt"\r\n\r\n${name} ${process.pid} ${Date.now()} `,
  )
  const tail = Buffer.from(`\r\n--${BOUNDARY}--\r\n`)
  await new Promise<void>((resolve, reject) => {
    const form = request(address, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${token}`,
        'Content-Type': `multipart/form-data; boundary=${BOUNDARY}`,
        'Content-Length': head.length + size + tail.length,
      },
    })
    form.on('error', reject)
    form.on('response', (answer) => {
      answer.resume()
      answer.on('end', () => {
        if (answer.statusCode && answer.statusCode < 300) resolve()
        else reject(new Error(`the upload was answered ${answer.statusCode}`))
      })
    })
    form.write(head)
    let left = size
    const fill = () => {
      while (left > 0) {
        const chunk = left >= CHUNK.length ? CHUNK : CHUNK.subarray(0, left)
        left -= chunk.length
        if (!form.write(chunk)) {
          form.once('drain', fill)
          return
        }
      }
      form.end(tail)
    }
    fill()
  })
}

console.log('ready')
await once(process.stdin, 'data')
const began = performance.now()
await Promise.all(Array.from({ length: Number(files) }, (_, index) => upload(Number(bytes), `file ${index}`)))
console.log((performance.now() - began) / 1_000)
process.stdin.destroy()
