// Photographs and faces that nobody had to be asked for: drawn here, and made into what a camera would have sent.
import sharp from 'sharp'

type Colours = {
  sky: [string, string, string]
  sea: [string, string]
  land: string
  tower: string
  band: string
  sun: string
}

const EVENING: Colours = {
  sky: ['#27416b', '#b5708a', '#f6c28b'],
  sea: ['#8f6f86', '#22304d'],
  land: '#1b2236',
  tower: '#f3e6d8',
  band: '#b5483d',
  sun: '#fff0c9',
}
const MORNING: Colours = {
  sky: ['#6fa8d6', '#b8d8ea', '#f4efe2'],
  sea: ['#7fb0c0', '#2d6377'],
  land: '#4a5f4a',
  tower: '#fbf8f2',
  band: '#c8553d',
  sun: '#ffffff',
}
const NIGHT: Colours = {
  sky: ['#0a1128', '#1b2a4e', '#3c4f7c'],
  sea: ['#27375f', '#0a1128'],
  land: '#060a18',
  tower: '#8d93a8',
  band: '#57344a',
  sun: '#fff6d6',
}

/** A lighthouse on its rock; `x`: where it stands, from 0 to 1. */
const coast = ({ sky, sea, land, tower, band, sun }: Colours, x: number, beam: boolean) => {
  const at = x * 1600
  const waves = Array.from({ length: 26 }, (_, row) => {
    const y = 770 + row * row * 0.62
    const left = (row * 397) % 1300
    return `<rect x="${left}" y="${y}" width="${180 + ((row * 131) % 300)}" height="${2 + row / 7}" rx="2" fill="${sun}" opacity="${0.09 + (row % 4) * 0.04}"/>`
  }).join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="1200" viewBox="0 0 1600 1200">
  <defs>
    <linearGradient id="sky" x2="0" y2="1"><stop stop-color="${sky[0]}"/><stop offset=".62" stop-color="${sky[1]}"/><stop offset="1" stop-color="${sky[2]}"/></linearGradient>
    <linearGradient id="sea" x2="0" y2="1"><stop stop-color="${sea[0]}"/><stop offset="1" stop-color="${sea[1]}"/></linearGradient>
    <linearGradient id="beam" x1="1" x2="0"><stop stop-color="${sun}" stop-opacity=".75"/><stop offset="1" stop-color="${sun}" stop-opacity="0"/></linearGradient>
    <radialGradient id="glow"><stop stop-color="${sun}"/><stop offset=".25" stop-color="${sun}" stop-opacity=".5"/><stop offset="1" stop-color="${sun}" stop-opacity="0"/></radialGradient>
    <linearGradient id="round"><stop stop-color="#000" stop-opacity=".28"/><stop offset=".35" stop-color="#000" stop-opacity="0"/><stop offset="1" stop-color="#000" stop-opacity=".3"/></linearGradient>
  </defs>
  <rect width="1600" height="770" fill="url(#sky)"/>
  <circle cx="${1600 - at}" cy="640" r="260" fill="url(#glow)"/>
  <path d="M0 690 Q220 640 460 700 T980 690 T1600 705 V770 H0Z" fill="${land}" opacity=".35"/>
  <rect y="765" width="1600" height="435" fill="url(#sea)"/>${waves}
  <path d="M${at - 520} 860 Q${at - 260} 700 ${at - 60} 708 L${at + 130} 706 Q${at + 330} 730 ${at + 470} 900 Q${at} 980 ${at - 520} 860Z" fill="${land}"/>
  ${beam ? `<path d="M${at} 288 L-40 150 V440Z" fill="url(#beam)"/><circle cx="${at}" cy="288" r="120" fill="url(#glow)"/>` : ''}
  <path d="M${at - 46} 340 L${at - 74} 716 H${at + 74} L${at + 46} 340Z" fill="${tower}"/>
  <path d="M${at - 54} 440 H${at + 54} L${at + 61} 530 H${at - 61}Z" fill="${band}"/>
  <path d="M${at - 68} 630 H${at + 68} L${at + 74} 716 H${at - 74}Z" fill="${band}"/>
  <path d="M${at - 46} 340 L${at - 74} 716 H${at + 74} L${at + 46} 340Z" fill="url(#round)"/>
  <rect x="${at - 62}" y="324" width="124" height="18" fill="${land}"/>
  <rect x="${at - 30}" y="256" width="60" height="70" fill="${sun}" opacity=".9"/>
  <path d="M${at - 44} 258 Q${at} 196 ${at + 44} 258Z" fill="${band}"/>
  <rect x="${at + 80}" y="640" width="150" height="76" fill="${tower}"/><path d="M${at + 70} 644 L${at + 155} 590 L${at + 240} 644Z" fill="${band}"/>
</svg>`
}

/** What was drawn, as a camera sees it: with some grain. */
async function photograph(drawing: string): Promise<Buffer> {
  const picture = sharp(Buffer.from(drawing))
  const { width = 1, height = 1 } = await picture.metadata()
  const noise = { type: 'gaussian', mean: 128, sigma: 14 } as const
  const grain = await sharp({ create: { width, height, channels: 3, background: '#808080', noise } })
    .png()
    .toBuffer()
  return picture
    .flatten()
    .composite([{ input: grain, blend: 'soft-light' }])
    .jpeg({ quality: 88 })
    .toBuffer()
}

export const photographs = {
  evening: () => photograph(coast(EVENING, 0.68, false)),
  morning: () => photograph(coast(MORNING, 0.36, false)),
  night: () => photograph(coast(NIGHT, 0.3, true)),
}

/** Somebody from the shoulders up. */
function portrait(ground: string, skin: string, hair: string, shirt: string, style: 'short' | 'long' | 'bun' | 'hat') {
  const styles = {
    short: `<path d="M136 190 Q130 92 256 92 Q382 92 376 190 Q350 140 256 140 Q162 140 136 190Z" fill="${hair}"/>`,
    long: `<path d="M124 380 Q96 92 256 86 Q416 92 388 380 L350 380 Q372 176 256 152 Q140 176 162 380Z" fill="${hair}"/>`,
    bun: `<circle cx="256" cy="84" r="46" fill="${hair}"/><path d="M134 214 Q130 98 256 98 Q382 98 378 214 Q340 150 256 150 Q172 150 134 214Z" fill="${hair}"/>`,
    hat: `<path d="M132 190 Q136 70 256 70 Q376 70 380 190Z" fill="${hair}"/><rect x="118" y="176" width="276" height="34" rx="17" fill="${hair}"/><rect x="118" y="176" width="276" height="34" rx="17" fill="#000" opacity=".18"/>`,
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512"><rect width="512" height="512" fill="${ground}"/>
  <path d="M56 512 Q70 372 256 372 Q442 372 456 512Z" fill="${shirt}"/><rect x="212" y="310" width="88" height="94" rx="40" fill="${skin}"/><rect x="212" y="310" width="88" height="60" fill="#000" opacity=".1"/>
  <ellipse cx="256" cy="230" rx="112" ry="128" fill="${skin}"/>${styles[style]}
  <circle cx="216" cy="236" r="11" fill="#26211f"/><circle cx="296" cy="236" r="11" fill="#26211f"/><path d="M218 292 Q256 322 294 292" stroke="#26211f" stroke-width="9" fill="none" stroke-linecap="round"/></svg>`
}

// The product, of which parts are loaded here, reads no drawings.
sharp.unblock({ operation: ['VipsForeignLoadSvg'] })

const drawn = (drawing: string) => sharp(Buffer.from(drawing)).png().toBuffer()

export const faces = {
  ines: () => drawn(portrait('#cfe3dc', '#f0c9a8', '#7a4a2b', '#35635b', 'bun')),
  tomas: () => drawn(portrait('#e9d8bd', '#8a5a3c', '#1f1a17', '#a4502f', 'short')),
  noor: () => drawn(portrait('#d6d4ec', '#d9a878', '#2a1d1a', '#5a4a91', 'long')),
  gus: () => drawn(portrait('#cfdbe8', '#f3d3bb', '#2f5d86', '#22405e', 'hat')),
  lighthouse: () =>
    sharp(Buffer.from(coast(EVENING, 0.5, false)))
      .resize(512, 512, { position: 'centre' })
      .png()
      .toBuffer(),
}
