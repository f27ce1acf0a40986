import { expect, onTestFinished, test, vi } from 'vitest'
import { AppError } from '../../src/contract/errors.js'
import { GroupCommit, type Left } from '../../src/db/group-commit.js'

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
const sqlError = (code: string) => Object.assign(new Error(code), { code })
type Outcome = { stored: string }
type Write = { items: string[]; patient: boolean; end: (outcomes?: (Outcome | Left)[] | Error) => Promise<void> }

/** Items are `conversation:text`; each write ends when the test says so. */
function scene(options: { admit?: () => void; bytes?: number } = {}) {
  const writes: Write[] = []
  const commits = new GroupCommit<string, Outcome>({
    write: (items, patient) =>
      new Promise((resolve, reject) => {
        const end = (outcomes: (Outcome | Left)[] | Error = items.map((stored) => ({ stored }))) => {
          if (outcomes instanceof Error) reject(outcomes)
          else resolve(outcomes)
          return turn() as Promise<void>
        }
        writes.push({ items, patient, end })
      }),
    keyOf: (item) => item.split(':')[0] ?? '',
    bytesOf: () => options.bytes ?? 1,
    ...(options.admit && { admit: options.admit }),
  })
  const said: string[] = []
  const add = (...items: string[]) => {
    for (const item of items) {
      commits.add(item).then(
        ({ stored }) => said.push(stored),
        (error) => said.push(`${item} ${error.code}`),
      )
    }
    return turn()
  }
  /** The write that was begun last. */
  const last = () => {
    const write = writes.at(-1)
    if (!write) throw new Error('nothing is written')
    return write
  }
  return { commits, writes, said, add, last }
}

test('what comes in one turn is written at once and together; what comes meanwhile, by the next one', async () => {
  const { commits, writes, said, add, last } = scene()
  await add('a:1', 'b:1')
  expect(writes).toMatchObject([{ items: ['a:1', 'b:1'], patient: false }])
  await add('a:2')
  await add('c:1', 'a:3')
  expect(writes).toHaveLength(1)
  expect(said).toEqual([])
  await last().end()
  expect(said).toEqual(['a:1', 'b:1'])
  expect(last().items).toEqual(['a:2', 'c:1', 'a:3'])
  expect(commits.count).toBe(3)
  await last().end()
  expect(said).toHaveLength(5)
  expect(commits.count).toBe(0)
  expect(writes).toHaveLength(2)
})

test('at most 200 are written together, of every conversation in turn, and at most a MiB', async () => {
  const many = scene()
  await many.add(...Array.from({ length: 250 }, (_, n) => `a:${n}`), 'b:0')
  expect(many.last().items).toHaveLength(200)
  expect(many.last().items[1]).toBe('b:0')
  await many.last().end()
  expect(many.last().items).toHaveLength(51)
  const large = scene({ bytes: 600_000 })
  await large.add('a:1', 'a:2')
  expect(large.last().items).toEqual(['a:1'])
})

test('one that cannot be stored takes no other with it', async () => {
  const { writes, said, add, last } = scene()
  await add('a:1', 'b:bad', 'c:1', 'd:1')
  while (said.length < 4) await last().end(last().items.includes('b:bad') ? sqlError('22P05') : undefined)
  expect(said.sort()).toEqual(['a:1', 'b:bad 22P05', 'c:1', 'd:1'])
  expect(writes.map(({ items }) => items.length)).toEqual([4, 2, 1, 1, 2])
})

test('what says nothing about an item is said of all of them, and they are not tried again', async () => {
  for (const code of ['53100', '57P01', '40P01', '57014']) {
    const { writes, said, add, last } = scene()
    await add('a:1', 'b:1')
    await last().end(sqlError(code))
    expect(said).toEqual([`a:1 ${code}`, `b:1 ${code}`])
    expect(writes).toHaveLength(1)
  }
})

test('who is locked goes aside, with all that comes behind it, in order; the others do not wait', async () => {
  const { writes, said, add, last } = scene()
  await add('a:1', 'b:1', 'a:2')
  const [first] = writes
  await add('a:3', 'b:2')
  expect(first?.items).toEqual(['a:1', 'b:1', 'a:2'])
  await first?.end(['locked', { stored: 'b:1' }, 'locked'])
  const aside = writes.find(({ patient }) => patient)
  expect(aside?.items).toEqual(['a:1', 'a:2', 'a:3'])
  expect(last().items).toEqual(['b:2'])
  await add('a:4')
  await last().end()
  expect(writes).toHaveLength(3)
  expect(said).toEqual(['b:1', 'b:2'])
  await aside?.end()
  expect(last()).toMatchObject({ items: ['a:4'], patient: true })
  await last().end()
  // It is no longer locked, and has its place among the others again.
  await add('a:5', 'b:3')
  expect(last()).toMatchObject({ items: ['a:5', 'b:3'], patient: false })
  expect(said).toEqual(['b:1', 'b:2', 'a:1', 'a:2', 'a:3', 'a:4'])
})

test('no more than four conversations wait for their locks at a time; who has waited for too long is told', async () => {
  const { writes, said, add } = scene()
  const six = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => `${key}:1`)
  await add(...six)
  await writes[0]?.end(six.map(() => 'locked'))
  const asides = () => writes.filter(({ patient }) => patient)
  expect(asides().map(({ items }) => items)).toEqual([['a:1'], ['b:1'], ['c:1'], ['d:1']])
  await asides()[1]?.end(sqlError('55P03'))
  expect(said).toEqual(['b:1 55P03'])
  expect(asides().at(-1)?.items).toEqual(['e:1'])
})

test('a lock that none of them could be told of beforehand sends all of them aside', async () => {
  const { writes, add, last } = scene()
  await add('a:1', 'b:1')
  await last().end(sqlError('55P03'))
  expect(writes.slice(1)).toMatchObject([
    { items: ['a:1'], patient: true },
    { items: ['b:1'], patient: true },
  ])
})

test('one that has to come again comes before what was said after it', async () => {
  const { said, add, last } = scene()
  await add('a:1', 'a:1 again', 'b:1')
  const first = last()
  await add('a:2')
  expect(first.items).toEqual(['a:1', 'b:1', 'a:1 again'])
  await first.end([{ stored: 'a:1' }, { stored: 'b:1' }, 'again'])
  expect(last().items).toEqual(['a:1 again', 'a:2'])
  await last().end()
  expect(said).toEqual(['a:1', 'b:1', 'a:1 again', 'a:2'])
})

test('the queue is bounded in number and in bytes, and one past it is refused at once; nobody else notices', async () => {
  const { commits, said, add, last } = scene()
  await add(...Array.from({ length: 10_000 }, (_, n) => `${n}:x`))
  expect(commits.count).toBe(10_000)
  await add('one:more')
  expect(said).toEqual(['one:more overloaded'])
  while (commits.count > 0) await last().end()
  expect(said).toHaveLength(10_001)
  const heavy = scene({ bytes: 16_777_216 })
  await heavy.add('a:1', 'a:2', 'a:3')
  expect(heavy.said).toEqual(['a:3 overloaded'])
})

test('no more than 5,000 wait for locks, of all conversations together', async () => {
  const { said, writes, add } = scene()
  await add('a:0')
  await writes[0]?.end(['locked'])
  await add(...Array.from({ length: 5_001 }, (_, n) => `a:${n + 1}`))
  expect(said).toEqual(['a:5001 busy'])
})

test('nobody waits for longer than 5 s, also behind a write that hangs, and what was given up is not written', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const { commits, writes, said, add } = scene()
  await add('a:1')
  await add('b:1', 'a:2')
  vi.advanceTimersByTime(4_900)
  await add('c:1')
  vi.advanceTimersByTime(700)
  await turn()
  expect(said).toEqual(['b:1 overloaded', 'a:2 overloaded'])
  await writes[0]?.end()
  expect(writes.map(({ items }) => items)).toEqual([['a:1'], ['c:1']])
  await writes[1]?.end()
  expect(said).toEqual(['b:1 overloaded', 'a:2 overloaded', 'a:1', 'c:1'])
  expect(commits.count).toBe(0)
})

test('who is locked aside as well does not keep the others of the conversation waiting, is asked for again, and told in time', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const { writes, said, add } = scene()
  await add('a:held', 'a:free')
  await writes[0]?.end(['locked', 'locked'])
  await writes[1]?.end(['locked', { stored: 'a:free' }])
  expect(said).toEqual(['a:free'])
  await expect.poll(() => writes.length).toBe(3)
  expect(writes[2]).toMatchObject({ items: ['a:held'], patient: true })
  vi.advanceTimersByTime(5_600)
  await writes[2]?.end(['locked'])
  vi.advanceTimersByTime(600)
  await turn()
  expect(said).toEqual(['a:free', 'a:held busy'])
})

test('those of one conversation stay in their order when a batch is halved while one of them is locked', async () => {
  const { writes, said, add } = scene()
  await add('k:1', 'l:1', 'bad:1', 'k:2')
  expect(writes[0]?.items).toEqual(['k:1', 'l:1', 'bad:1', 'k:2'])
  await writes[0]?.end(sqlError('22P05'))
  expect(writes[1]?.items).toEqual(['k:1', 'l:1'])
  await writes[1]?.end(['locked', { stored: 'l:1' }])
  expect(writes[2]?.items).toEqual(['bad:1'])
  await writes[2]?.end(sqlError('22P05'))
  expect(writes[3]).toMatchObject({ items: ['k:1', 'k:2'], patient: true })
  await writes[3]?.end()
  expect(said).toEqual(['l:1', 'bad:1 22P05', 'k:1', 'k:2'])
})

test('where it is not worth while to write, nobody waits', async () => {
  const refusal = new AppError('unavailable', { retry_after_s: 1 })
  const { writes, said, add } = scene({
    admit: () => {
      throw refusal
    },
  })
  await add('a:1')
  expect(said).toEqual(['a:1 unavailable'])
  expect(writes).toEqual([])
})
