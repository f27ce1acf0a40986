// Files on the page: chosen, dropped, pasted; told how far they are; seen, heard and looked at, by whoever may.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { testInBrowser } from '../support/browser.js'
import type { Person } from '../support/person.js'
import { jpeg } from '../support/pictures.js'
import { faultsOf } from './axe.js'
import { DESK, openPages, type Pages, PHONE } from './pages.js'
import { wav } from './sounds.js'

const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 15_000 })
type Chosen = { name: string; mimeType: string; buffer: Buffer }

const text = (name: string, words = 'some words'): Chosen => ({
  name,
  mimeType: 'text/plain',
  buffer: Buffer.from(words),
})
const picture = async (name: string): Promise<Chosen> => ({ name, mimeType: 'image/jpeg', buffer: await jpeg() })

const choose = (page: Page, ...files: Chosen[]) => page.locator('input[type=file]').setInputFiles(files)
const rows = (page: Page) => page.locator('.tray-row')
const ready = (page: Page) => page.locator('.tray-row.here')
const send = (page: Page) => page.locator('.composer button[type=submit]').click()

/** Alice, at her page, in a group with Bob. */
async function begin(pages: Pages, options = DESK): Promise<{ alice: Person; bob: Person; id: string; page: Page }> {
  const [alice, bob] = await pages.world.people('alice', 'bob')
  const { id } = await alice.post('/conversations', { type: 'group', name: 'Climbing', user_ids: [bob.id] })
  const page = await pages.enter('alice', options)
  await page.locator('a.entry').click()
  await page.locator('.composer').waitFor()
  return { alice, bob, id, page }
}

/** Over the pane, as a hand with files in it does; with `drop` it lets them go. */
const holdOver = (page: Page, drop: boolean) =>
  page.locator('.pane').evaluate((pane, drop) => {
    const dataTransfer = new DataTransfer()
    dataTransfer.items.add(new File(['dropped'], 'dropped.txt', { type: 'text/plain' }))
    for (const type of drop ? ['dragover', 'drop'] : ['dragover']) {
      pane.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }))
    }
  }, drop)

testInBrowser('files are chosen, are on their way while one writes, and go with the words', async () => {
  await using pages = await openPages()
  const { page, bob, id } = await begin(pages)
  const other = await pages.enter('bob', PHONE)
  await other.locator('a.entry').click()
  await choose(page, await picture('wall.jpg'), text('route.txt'))
  await ready(page).nth(1).waitFor()
  expect(await page.locator('.tray [role=status]').innerText()).toContain('2 of 2 files are ready.')
  expect(await page.locator('.tray-picture img').evaluate((one: HTMLImageElement) => one.naturalWidth)).toBe(800)
  await page.locator('textarea').fill('the wall')
  await send(page)
  await rows(page).first().waitFor({ state: 'detached' })

  for (const each of [page, other]) {
    const message = each.locator('.message', { hasText: 'the wall' })
    await message.locator('.file-name', { hasText: 'route.txt' }).waitFor()
    const image = message.locator('.picture img')
    await eventually(() => image.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBeGreaterThan(0)
  }
  const { data } = await bob.get(`/conversations/${id}/messages`)
  const { content, attachments } = data.at(-1)
  expect({ content, names: attachments.map(({ filename }: { filename: string }) => filename) }).toEqual({
    content: 'the wall',
    names: ['wall.jpg', 'route.txt'],
  })
  // A document comes by the address that was signed for whoever downloads it.
  const coming = other.waitForEvent('download')
  await other.locator('.file-card').click()
  expect((await coming).suggestedFilename()).toBe('route.txt')
  expect(pages.errors).toEqual([])
})

testInBrowser('a message that is sent before its files are there goes once they are', async () => {
  await using pages = await openPages()
  const { page } = await begin(pages)
  let letGo = () => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  await page.route('**/api/v1/uploads?*', async (route) => {
    await held
    await route.continue()
  })
  await choose(page, text('late.txt'))
  await page.locator('textarea').fill('here it is')
  await send(page)
  await page.getByText('This is sent as soon as its files are there.').waitFor()
  expect(await page.locator('textarea').inputValue()).toBe('')
  // What is written meanwhile does not wait.
  await page.locator('textarea').fill('one moment')
  await send(page)
  await page.locator('.words').getByText('one moment').waitFor()
  letGo()
  await page.locator('.message', { hasText: 'here it is' }).locator('.file-card').waitFor()
  expect(await page.locator('.words').allInnerTexts()).toEqual(['one moment', 'here it is'])
  expect(await page.locator('.tray').getAttribute('class')).toContain('unseen')
})

testInBrowser('they are dropped on the conversation, which says so before, or pasted', async () => {
  await using pages = await openPages()
  const { page } = await begin(pages)
  await holdOver(page, false)
  await page.getByText('Drop the files here to send them').waitFor()
  await holdOver(page, true)
  await rows(page).getByText('dropped.txt').waitFor()
  expect(await page.getByText('Drop the files here').count()).toBe(0)
  const paste = (withWords: boolean) =>
    page.locator('textarea').evaluate((area, withWords) => {
      const clipboardData = new DataTransfer()
      clipboardData.items.add(new File(['pasted'], withWords ? 'table.txt' : 'pasted.txt', { type: 'text/plain' }))
      if (withWords) clipboardData.setData('text/plain', 'a table')
      area.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
    }, withWords)
  await paste(true)
  await paste(false)
  await ready(page).nth(1).waitFor()
  expect(await rows(page).locator('.file-name').allInnerTexts()).toEqual(['dropped.txt', 'pasted.txt'])
})

testInBrowser('what a conversation does not take is said before it travels, and no more than ten go', async () => {
  await using pages = await openPages()
  const { page, alice, id } = await begin(pages)
  await alice.patch(`/conversations/${id}/settings`, { max_file_size: 20, allowed_file_types: ['file'] })
  const asked: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/uploads')) asked.push(request.method())
  })
  await choose(page, text('long.txt', 'x'.repeat(21)), await picture('wall.jpg'), text('empty.txt', ''))
  const notes = page.locator('.tray-row.failed .file-note')
  await notes.nth(2).waitFor()
  expect(await notes.allInnerTexts()).toEqual([
    'Files in this conversation have 20 bytes at most.',
    'Only these are sent in this conversation: File.',
    'There is nothing in this file.',
  ])
  expect(asked).toEqual([])
  // It would be refused again.
  expect(await page.getByRole('button', { name: /^Try .* again$/ }).count()).toBe(0)
  await page.getByRole('button', { name: 'Remove wall.jpg' }).click()
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Remove empty.txt')
  for (const name of ['empty.txt', 'long.txt']) await page.getByRole('button', { name: `Remove ${name}` }).click()
  await page.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA')

  await choose(page, ...Array.from({ length: 11 }, (_, index) => text(`${index}.txt`, `words ${index}`)))
  await page.getByText('A message has 10 files at most: 1 was left out.').waitFor()
  await ready(page).nth(9).waitFor()
  await send(page)
  await eventually(() => page.locator('.message .file-card').count()).toBe(10)
})

testInBrowser('what the server refuses says why, and what the network has eaten goes again', async () => {
  await using pages = await openPages()
  const { page } = await begin(pages)
  await choose(page, {
    name: 'game.exe',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from('MZ\0\0'.repeat(64)),
  })
  await page.getByText('Files of this kind are not taken.').waitFor()
  await page.getByRole('button', { name: 'Remove game.exe' }).click()

  await page.route('**/api/v1/uploads?*', (route) => route.abort(), { times: 1 })
  await choose(page, text('notes.txt'))
  await page.getByText('The server cannot be reached.').waitFor()
  await page.getByRole('button', { name: 'Try notes.txt again' }).click()
  await ready(page).waitFor()
})

testInBrowser('a large file goes in pieces, and goes on where it was after a break', async () => {
  await using pages = await openPages()
  const { page, bob, id } = await begin(pages)
  const asked: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/uploads/')) asked.push(request.method())
  })
  await page.route('**/api/v1/uploads/resumable/*', (route) => {
    const isFirst = asked.filter((method) => method === 'PATCH').length === 1
    return route.request().method() === 'PATCH' && isFirst ? route.abort() : route.continue()
  })
  // Made there: it is a long way for so many bytes.
  await page.locator('input[type=file]').evaluate((input: HTMLInputElement) => {
    const { items, files } = new DataTransfer()
    items.add(new File(['a long story. '.repeat(650_000)], 'story.txt', { type: 'text/plain' }))
    input.files = files
    input.dispatchEvent(new Event('change', { bubbles: true }))
  })
  await page.getByRole('button', { name: 'Try story.txt again' }).click()
  await ready(page).waitFor()
  expect(asked).toEqual(['POST', 'PATCH', 'HEAD', 'PATCH', 'POST'])
  await send(page)
  await page.locator('.message:not(.waiting) .file-card').waitFor()
  const { data } = await bob.get(`/conversations/${id}/messages`)
  expect(data.at(-1).attachments[0]).toMatchObject({ filename: 'story.txt', size: 9_100_000 })
})

testInBrowser('what is cancelled on its way is not sent, and what was removed is not on the server', async () => {
  await using pages = await openPages()
  const { page, alice } = await begin(pages)
  await page.route('**/api/v1/uploads?*', () => undefined, { times: 1 })
  await choose(page, text('never.txt'))
  await page.getByRole('button', { name: 'Cancel never.txt' }).click()
  await rows(page).first().waitFor({ state: 'detached' })
  const taken = page.waitForResponse('**/api/v1/uploads?*')
  await choose(page, text('taken.txt'))
  await ready(page).waitFor()
  const { id } = await (await taken).json()
  await page.getByRole('button', { name: 'Remove taken.txt' }).click()
  await eventually(async () => (await alice.ask('GET', `/attachments/${id}/info`)).status).toBe(404)
})

testInBrowser(
  'pictures have their place from the first moment, and turn up by themselves when they are prepared',
  async () => {
    await using pages = await openPages({ JOBS: '0' })
    const { page, bob, id } = await begin(pages)
    const { id: file } = await bob.upload('wall.jpg', await jpeg(1600, 900))
    await bob.say(id, 'look', { attachment_ids: [file] })
    await page.getByText('Is being prepared').waitFor()
    await pages.world.addNode({ JOBS: '1' })
    const image = page.locator('.picture img')
    await eventually(() => image.evaluate((one: HTMLImageElement) => one.naturalWidth)).toBeGreaterThan(0)
    expect(await page.getByText('Is being prepared').count()).toBe(0)
    // It is not the original that is shown so small.
    expect(await image.evaluate((one: HTMLImageElement) => one.currentSrc)).toContain('variant=preview')

    let letGo = () => {}
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    await page.route('**/api/v1/attachments/*signature=*', async (route) => {
      await held
      await route.continue()
    })
    await page.reload()
    const blur = page.locator('.picture canvas')
    await blur.waitFor()
    const colours = await blur.evaluate((canvas: HTMLCanvasElement) => {
      const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? []
      return new Set<number>(pixels).size
    })
    expect(colours).toBeGreaterThan(1)
    const before = await page.locator('.frame').boundingBox()
    expect((before?.width ?? 0) / (before?.height ?? 1)).toBeCloseTo(16 / 9, 1)
    letGo()
    await blur.waitFor({ state: 'detached' })
    expect(await page.locator('.frame').boundingBox()).toEqual(before)
    expect(pages.errors).toEqual([])
  },
)

testInBrowser('several have their places too, and whoever is at the end stays there while they come', async () => {
  await using pages = await openPages()
  const { page, bob, id } = await begin(pages)
  const ids: string[] = []
  for (const name of ['one.jpg', 'two.jpg', 'three.jpg']) ids.push((await bob.upload(name, await jpeg())).id)
  const states = () => Promise.all(ids.map(async (one) => (await bob.get(`/attachments/${one}/info`)).state))
  await eventually(states).toEqual(['ready', 'ready', 'ready'])
  for (let round = 0; round < 4; round++) await bob.say(id, `words ${round}`)
  await bob.say(id, 'three of them', { attachment_ids: ids })
  let letGo = () => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  await page.route('**/api/v1/attachments/*signature=*', async (route) => {
    await held
    await route.continue()
  })
  await page.reload()
  const frames = page.locator('.frame')
  await frames.nth(2).waitFor()
  const sizes = () => frames.evaluateAll((all) => all.map((one) => [one.clientWidth, one.clientHeight]))
  const before = await sizes()
  for (const [width = 0, height = 0] of before) expect(Math.min(width, height)).toBeGreaterThan(100)
  letGo()
  await page.locator('.picture canvas').first().waitFor({ state: 'detached' })
  await eventually(() => page.locator('.picture canvas').count()).toBe(0)
  expect(await sizes()).toEqual(before)
  expect(await page.getByRole('button', { name: 'To the newest message' }).count()).toBe(0)
})

testInBrowser('pictures are looked at by keys alone, nearer and further, and one is back where one was', async () => {
  await using pages = await openPages()
  const { page, bob, id } = await begin(pages)
  const ids: string[] = []
  for (const name of ['one.jpg', 'two.jpg', 'three.jpg']) ids.push((await bob.upload(name, await jpeg())).id)
  await bob.say(id, 'three of them', { attachment_ids: ids })
  const second = page.getByRole('button', { name: 'Show two.jpg large, 2 of 3' })
  await second.focus()
  await page.keyboard.press('Enter')
  const viewer = page.locator('.viewer')
  const title = viewer.locator('[role=status]')
  await viewer.getByRole('img', { name: 'Picture two.jpg' }).waitFor()
  expect(await title.innerText()).toContain('2 of 3')
  await page.keyboard.press('ArrowRight')
  await viewer.getByRole('img', { name: 'Picture three.jpg' }).waitFor()
  // There is none after the last.
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Home')
  const image = viewer.getByRole('img', { name: 'Picture one.jpg' })
  await image.waitFor()
  const scale = () => image.evaluate((one) => new DOMMatrix(getComputedStyle(one).transform).a)
  const moved = () => image.evaluate((one) => new DOMMatrix(getComputedStyle(one).transform).e)
  await page.keyboard.press('+')
  await page.keyboard.press('+')
  await eventually(scale).toBeCloseTo(2.25)
  await page.keyboard.press('ArrowRight')
  await eventually(moved).toBeLessThan(0)
  await page.keyboard.press('-')
  await eventually(scale).toBeCloseTo(1.5)
  await page.keyboard.press('0')
  await eventually(scale).toBe(1)
  expect(await faultsOf(page)).toEqual([])
  await page.keyboard.press('Escape')
  await viewer.waitFor({ state: 'detached' })
  await expect.poll(() => second.evaluate((one) => one === document.activeElement)).toBe(true)
  expect(pages.errors).toEqual([])
})

testInBrowser('sound is played and wound by keys, one at a time', async () => {
  await using pages = await openPages()
  const { page, bob, id } = await begin(pages)
  for (const name of ['one.wav', 'two.wav']) {
    const { id: file } = await bob.upload(name, wav(20))
    await bob.say(id, '', { attachment_ids: [file] })
  }
  const [one, two] = ['one.wav', 'two.wav'].map((name) => page.getByRole('group', { name }))
  if (!one || !two) throw new Error('There are two')
  const slider = one.getByRole('slider', { name: 'Position' })
  await eventually(() => slider.getAttribute('aria-valuetext')).toBe('0:00 of 0:20')
  await slider.focus()
  await page.keyboard.press('ArrowRight')
  expect(await slider.getAttribute('aria-valuetext')).toBe('0:05 of 0:20')
  await page.keyboard.press('End')
  await page.keyboard.press('ArrowLeft')
  expect(await slider.getAttribute('aria-valuetext')).toBe('0:15 of 0:20')
  await page.keyboard.press('Home')
  await one.getByRole('button', { name: 'Play' }).click()
  await eventually(() => slider.inputValue().then(Number)).toBeGreaterThan(0)
  await two.getByRole('button', { name: 'Play' }).click()
  await one.getByRole('button', { name: 'Play' }).waitFor()
  await two.getByRole('button', { name: 'Pause' }).click()
  await two.getByRole('button', { name: 'Play' }).waitFor()
})

testInBrowser('what was removed, and what another service keeps, is named and leads nowhere', async () => {
  await using pages = await openPages()
  const { page, alice, bob, id } = await begin(pages)
  const { id: file } = await bob.upload('gone.txt', 'gone')
  const elsewhere = await bob.post('/attachments/external', {
    ...{
      media_id: 'far',
      kind: 'file',
      mime_type: 'text/plain',
      filename: 'far.txt',
      size: 1,
      upload_status: 'uploaded',
    },
  })
  await bob.say(id, 'two', { attachment_ids: [file, elsewhere.id] })
  await page.locator('a.file-card', { hasText: 'gone.txt' }).waitFor()
  await alice.delete(`/attachments/${file}`)
  await page.getByText('This file was removed.').waitFor()
  await page.getByText('Another service keeps this file.').waitFor()
  expect(await page.locator('a.file-card').count()).toBe(0)
})

for (const [look, options] of [
  ['light', { ...DESK, colorScheme: 'light' }],
  ['dark, on a phone', { ...PHONE, colorScheme: 'dark' }],
  ['in Arabic', { ...DESK, locale: 'ar' }],
] as const) {
  testInBrowser(`axe finds nothing where there are files of each kind: ${look}`, async () => {
    await using pages = await openPages()
    const { page, bob, id } = await begin(pages, options)
    const files = [
      await bob.upload('one.jpg', await jpeg()),
      await bob.upload('two.jpg', await jpeg(600, 900)),
      await bob.upload('song.wav', wav(3)),
      await bob.upload('voice.wav', wav(2), '?voice=true'),
      await bob.upload('notes.txt', 'words'),
    ]
    await bob.say(id, 'all of it', { attachment_ids: files.map((file) => file.id) })
    await choose(page, text('mine.txt'), text('empty.txt', ''))
    await ready(page).waitFor()
    await page.locator('.picture img').nth(1).waitFor()
    expect(await faultsOf(page)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)).toBe(false)
  })
}

testInBrowser('on a server that somebody tries out, two people talk at the press of a button', async () => {
  await using pages = await openPages({ NODE_ENV: 'development' })
  await pages.world.person('alice')
  const page = await pages.enter('alice')
  await page.getByRole('button', { name: 'Watch two people talk' }).click()
  await page.locator('.words', { hasText: 'lighthouse' }).first().waitFor()
  expect(await page.locator('.bar-words .bar-title').innerText()).toBe('The lighthouse')
})

testInBrowser('where nobody develops there is no such button', async () => {
  await using pages = await openPages()
  await pages.world.person('alice')
  const asked: number[] = []
  const page = await pages.open()
  page.on('response', (response) => {
    if (response.url().endsWith('/api/v1/demo')) asked.push(response.status())
  })
  await page.locator('input[name=login]').fill('alice')
  await page.locator('input[name=password]').fill('correct horse battery')
  await page.locator('button[type=submit]').click()
  await eventually(() => asked).toEqual([404])
  expect(await page.getByRole('button', { name: 'Watch two people talk' }).count()).toBe(0)
})
