import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { outputOf, ProgramError, runProgram } from '../../src/media/programs.js'

const NODE = process.execPath
const usual = { seconds: 20, max_bytes: 1_000 }
const descriptors = () => readdirSync('/proc/self/fd').length
const isAlive = (pid: number) => {
  try {
    // A zombie that nobody has waited for would still answer to a signal.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test('what it says is heard, and nothing of our environment reaches it', async () => {
  const said = await outputOf(NODE, ['-p', 'JSON.stringify(Object.keys(process.env).sort())'], usual)
  expect(JSON.parse(said)).toEqual(['LC_ALL', 'PATH'])
})

test('arguments are never read by a shell', async () => {
  expect(await outputOf('echo', ['$(id); `id` | x > y'], usual)).toBe('$(id); `id` | x > y\n')
})

test('one that fails says why', async () => {
  const work = outputOf(NODE, ['-e', 'console.error("no such thing"); process.exit(3)'], usual)
  await expect(work).rejects.toMatchObject({ failure: 'exit', message: expect.stringContaining('no such thing') })
})

test('one that is not there is the error of the system', async () => {
  await expect(outputOf('/nowhere/ffmpeg', [], usual)).rejects.toMatchObject({ code: 'ENOENT' })
})

test.skipIf(process.platform !== 'linux')('one that does not end is killed, with its pipes closed', async () => {
  await outputOf('true', [], usual)
  const before = descriptors()
  let said = ''
  // It lets nothing but SIGKILL end it, and leaves a child that holds its pipes.
  const stubborn = 'trap "" TERM; sleep 5 & echo $$ $!; wait; sleep 5'
  const work = runProgram('sh', ['-c', stubborn], { seconds: 1, max_bytes: 100 }, (chunk) => {
    said += chunk.toString()
  })
  await expect(work).rejects.toMatchObject({ failure: 'time' })
  const [pid = 0, child = 0] = said.trim().split(' ').map(Number)
  expect([pid > 0, isAlive(pid)]).toEqual([true, false])
  expect(descriptors()).toBe(before)
  process.kill(child)
})

test('more output than was agreed ends it', async () => {
  let heard = 0
  const work = runProgram('yes', [], { seconds: 20, max_bytes: 1_000_000 }, (chunk) => {
    heard += chunk.length
  })
  await expect(work).rejects.toMatchObject({ failure: 'output' })
  expect(heard).toBeLessThanOrEqual(1_000_000)
})

test.skipIf(process.platform !== 'linux')('more memory than was agreed is refused to it', async () => {
  const take = (size: string) =>
    outputOf('dd', ['if=/dev/zero', 'of=/dev/null', `bs=${size}`, 'count=1'], {
      ...usual,
      max_memory: 256 * 1_024 ** 2,
    })
  expect(await take('1M')).toBe('')
  await expect(take('512M')).rejects.toMatchObject({ failure: 'exit' })
})

test('with a limit of memory, too, its words are read by no shell, and one that is not there is no fault of its file', async () => {
  const limited = { ...usual, max_memory: 1_024 ** 3 }
  expect(await outputOf('echo', ['$(id); `id` | x > y', ''], limited)).toBe('$(id); `id` | x > y \n')
  const missing = outputOf('/nowhere/ffmpeg', [], limited)
  await expect(missing).rejects.toThrow('/nowhere/ffmpeg cannot be started')
  await expect(missing).rejects.not.toBeInstanceOf(ProgramError)
})
