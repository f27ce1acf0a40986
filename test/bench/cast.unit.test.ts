import { describe, expect, test } from 'vitest'
import { castOf } from '../../bench/lib/cast.js'
import { Register } from '../../src/contract/accounts.js'

const RUN = '0a1b2c'
const castNames = (...nicks: string[]) => castOf(nicks, RUN).map((part) => part.username)

describe('the cast', () => {
  test('everybody has a username, an e-mail address and a display name that the server takes', () => {
    const nicks = [
      'f',
      '|',
      '[]^\\',
      '`',
      '\\9',
      '_',
      '.',
      '...',
      '-',
      'brad[] ',
      ' ',
      'é',
      '日本',
      'x'.repeat(80),
      'a..b',
    ]
    for (const { nick: _, ...profile } of castOf(nicks, RUN)) {
      expect(Register.safeParse({ ...profile, password: 'long enough' }).error?.issues ?? []).toEqual([])
    }
  })

  test('usernames are unique whatever the case, also when nothing or the same is left of the nick', () => {
    const nicks = ['brandan', 'Brandan', 'BRANDAN', '|brandan|', '[]', '^', '\\', 'author', 'author-2', 'f', 'F']
    const names = castNames(...nicks).map((name) => name.toLowerCase())
    expect(new Set(names).size).toBe(nicks.length)
  })

  test('nicks that differ only behind the 32nd character stay apart', () => {
    const names = castNames(`${'x'.repeat(40)}a`, `${'x'.repeat(40)}b`)
    expect(new Set(names).size).toBe(2)
    for (const name of names) expect(name.length).toBeLessThanOrEqual(32)
  })

  test('a nick is shown as it was, and one that is too short to be shown is its username', () => {
    const [robotti, f] = castOf(['robotti^', 'f'], RUN)
    expect(robotti).toMatchObject({ username: `robotti-${RUN}`, display_name: 'robotti^' })
    expect(f).toMatchObject({ username: `f-${RUN}`, display_name: `f-${RUN}` })
  })

  test('a nick that is there twice is one author', () => {
    expect(castNames('a', 'b', 'a')).toHaveLength(2)
  })

  test('two runs share no name', () => {
    const first = castOf(['a', 'b'], '000000').flatMap((part) => [part.username, part.email])
    const second = castOf(['a', 'b'], '000001').flatMap((part) => [part.username, part.email])
    expect(first.filter((name) => second.includes(name))).toEqual([])
  })
})
