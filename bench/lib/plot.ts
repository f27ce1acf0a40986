// How figures grow, as SVG: each as a multiple of its first value, so that a straight line at 1 is one that does not grow.

export type Series = { name: string; points: { x: number; middle: number; least: number; most: number }[] }

const [WIDTH, HEIGHT] = [720, 360]
const PLOT = { left: 60, right: 480, top: 40, bottom: 300 }
// Told apart by those who see fewer colours too, on white as on black.
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f3fbf', '#8c6d31']
const GREY = '#808080'

/** `x` rises by multiples: it has a logarithmic axis, while the other begins at nothing. */
export function drawPlot(title: string, axis: string, series: readonly Series[]): string {
  const points = series.flatMap((one) => one.points)
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b)
  const [low, high] = [Math.log(xs[0] ?? 1), Math.log(xs.at(-1) ?? 10)]
  const top = Math.max(2, ...points.map(({ most }) => most).filter(Number.isFinite)) * 1.05
  const across = (x: number) =>
    PLOT.left + 20 + ((Math.log(x) - low) / (high - low || 1)) * (PLOT.right - PLOT.left - 40)
  const up = (y: number) => PLOT.bottom - (y / top) * (PLOT.bottom - PLOT.top)
  const ticks = ticksUpTo(top)
  const lines = [
    `<title>${escapeXml(title)}</title>`,
    text(PLOT.left, 22, title, 'start', 15),
    ...ticks.flatMap((y) => [
      `<path d="M${PLOT.left} ${fix(up(y))}H${PLOT.right}" stroke="${GREY}" stroke-opacity="${y === 1 ? 1 : 0.3}"/>`,
      text(PLOT.left - 8, up(y) + 4, `${y}x`, 'end'),
    ]),
    ...xs.map((x) => text(across(x), PLOT.bottom + 20, x.toLocaleString('en'), 'middle')),
    text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 42, axis, 'middle'),
    ...series.flatMap((one, index) => drawSeries(one, COLOURS[index % COLOURS.length] ?? GREY, index, across, up)),
  ]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="12">`,
    ...lines.map((line) => `  ${line}`),
    '</svg>',
    '',
  ].join('\n')
}

function drawSeries(
  { name, points }: Series,
  colour: string,
  index: number,
  across: (x: number) => number,
  up: (y: number) => number,
): string[] {
  const known = points.filter(({ middle }) => Number.isFinite(middle))
  const path = known.map(({ x, middle }, at) => `${at === 0 ? 'M' : 'L'}${fix(across(x))} ${fix(up(middle))}`).join('')
  const row = PLOT.top + 10 + index * 20
  return [
    `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...known.map(
      ({ x, least, most }) =>
        `<path d="M${fix(across(x))} ${fix(up(least))}V${fix(up(most))}" stroke="${colour}" stroke-opacity="0.5" stroke-width="4"/>`,
    ),
    ...known.map(
      ({ x, middle }) => `<circle cx="${fix(across(x))}" cy="${fix(up(middle))}" r="3.5" fill="${colour}"/>`,
    ),
    `<path d="M${PLOT.right + 14} ${row}h18" stroke="${colour}" stroke-width="2"/>`,
    text(PLOT.right + 38, row + 4, name, 'start'),
  ]
}

/** A few round numbers, 1 among them. */
function ticksUpTo(top: number): number[] {
  const step = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000].find((one) => top / one <= 8) ?? top
  const ticks = Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => index * step)
  return [...new Set([...ticks, 1])]
}

function text(x: number, y: number, content: string, anchor: string, size?: number): string {
  const font = size === undefined ? '' : ` font-size="${size}"`
  return `<text x="${fix(x)}" y="${fix(y)}" text-anchor="${anchor}"${font} fill="${GREY}">${escapeXml(content)}</text>`
}

function escapeXml(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function fix(value: number): string {
  return value.toFixed(1)
}
