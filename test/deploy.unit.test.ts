// What is deployed to watch the nodes asks only for what they report: a name that is wrong would be a silent alert.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { createMetrics } from '../src/observe.js'

const DEPLOY = join(import.meta.dirname, '../deploy')
const read = (path: string) => readFileSync(join(DEPLOY, path), 'utf8')

type Rule = {
  alert: string
  expr: string
  for?: string
  labels: { severity: string }
  annotations: Record<string, string>
}
type Panel = {
  id: number
  type: string
  title: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { refId: string; expr: string }[]
}
type Variable = { name: string; definition?: string }
const dashboard: { panels: Panel[]; templating: { list: Variable[] } } = JSON.parse(read('grafana/earshot.json'))
const alerts: { groups: { rules: Rule[] }[] } = parse(read('prometheus/alerts.yml'))
const prometheus: { rule_files: string[]; scrape_configs: { job_name: string; metrics_path: string }[] } = parse(
  read('prometheus/prometheus.yml'),
)
const rules = alerts.groups.flatMap((group) => group.rules)
const targets = dashboard.panels.flatMap((panel) => panel.targets ?? [])
const expressions = [...rules.map((rule) => rule.expr), ...targets.map((target) => target.expr)]

/** Of Prometheus itself, for every target. */
const EVERYWHERE = ['job', 'instance']
const FUNCTIONS = ['rate', 'increase', 'changes', 'sum', 'by', 'histogram_quantile', 'time']

/** Each series that a node can report, with its labels: those of a histogram by their suffix. */
async function reported(): Promise<Map<string, string[]>> {
  const metrics = createMetrics()
  metrics.requests.observe({ method: 'GET', route: '/', status: 200 }, 1)
  metrics.socketCloses.inc({ code: 4400 })
  metrics.commands.inc({ type: 'ping', outcome: 'ok' })
  metrics.sends.inc({ outcome: 'stored' })
  metrics.signals.inc({ type: 'typing.started' })
  metrics.pool.set({ state: 'idle' }, 1)
  const { text } = await metrics.expose()
  const series = new Map<string, string[]>([['up', EVERYWHERE]])
  for (const [, name = '', labels = ''] of text.matchAll(/^(\w+)(?:\{(.*?)\})? /gm))
    series.set(name, [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label ?? '').concat(EVERYWHERE))
  return series
}

/** What is wrong with an expression: names and labels that no node reports, brackets that do not close. */
function faults(expression: string, series: Map<string, string[]>): string[] {
  const wrong: string[] = []
  const plain = expression.replace(/"[^"]*"/g, '""').replace(/\[[^\]]*\]/g, '')
  const names = new Set<string>()
  const bare = plain
    .replace(/(\w+)\{([^}]*)\}/g, (_, name: string, matchers: string) => {
      names.add(name)
      for (const [, label = ''] of matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
        if (!series.get(name)?.includes(label)) wrong.push(`${name} has no label ${label}`)
      return `(${name})`
    })
    .replace(/\bby \(([^)]*)\)/g, (_, list: string) => {
      for (const label of list.split(',').map((one) => one.trim()))
        if (![...series.values()].some((labels) => labels.includes(label))) wrong.push(`no label ${label}`)
      return ''
    })
  for (const [word] of bare.matchAll(/[A-Za-z_]\w*/g)) if (!FUNCTIONS.includes(word)) names.add(word)
  for (const name of names) if (!series.has(name)) wrong.push(`no metric ${name}`)
  for (const [open, close] of ['()', '{}', '[]'])
    if (expression.split(open ?? '').length !== expression.split(close ?? '').length)
      wrong.push(`${open} without ${close}`)
  return wrong
}

test('every expression of the dashboard and the alerts asks for what a node reports', async () => {
  const series = await reported()
  expect(expressions.length).toBeGreaterThan(30)
  for (const expression of expressions) expect([expression, faults(expression, series)]).toEqual([expression, []])
  for (const { definition } of dashboard.templating.list)
    if (definition) expect(series.has(/^label_values\((\w+), instance\)$/.exec(definition)?.[1] ?? '')).toBe(true)
})

test('a wrong name, a wrong label and a lost bracket are found', async () => {
  const series = await reported()
  expect(faults('sum by (route) (rate(earshot_http_request_seconds_count{status=~"5.."}[5m])) > 0', series)).toEqual([])
  for (const wrong of [
    'earshot_tail_leg_seconds > 5',
    'earshot_pool_connections{status="waiting"} > 0',
    'sum by (path) (rate(earshot_http_request_seconds_count[5m]))',
    'rate(earshot_http_request_seconds[5m])',
    'rate(earshot_deliveries_total[5m]',
    'average(earshot_sockets)',
  ])
    expect(faults(wrong, series), wrong).not.toEqual([])
})

test('every alert has a name of its own, a severity, and says what to do', () => {
  expect(new Set(rules.map((rule) => rule.alert)).size).toBe(rules.length)
  for (const rule of rules) {
    expect(rule.alert).toMatch(/^Earshot[A-Z]\w+$/)
    expect(['warning', 'critical']).toContain(rule.labels.severity)
    expect(rule.for ?? '1m').toMatch(/^\d+m$/)
    expect(rule.annotations.summary).toContain('{{ $labels.instance }}')
    expect(rule.annotations.description?.length).toBeGreaterThan(20)
  }
})

test('the scrape is named as the alerts expect it, and loads them', () => {
  expect(prometheus.rule_files).toEqual(['alerts.yml'])
  expect(prometheus.scrape_configs.map(({ job_name, metrics_path }) => [job_name, metrics_path])).toEqual([
    ['earshot', '/metrics'],
  ])
  const jobs = expressions.flatMap((expression) => [...expression.matchAll(/job="([^"]*)"/g)].map((match) => match[1]))
  expect(new Set(jobs)).toEqual(new Set(['earshot']))
})

test('the panels of the dashboard have ids of their own, and none covers another', () => {
  const { panels } = dashboard
  expect(new Set(panels.map((panel) => panel.id)).size).toBe(panels.length)
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
  for (const panel of panels.filter((one) => one.type !== 'row')) {
    const refs = panel.targets?.map((target) => target.refId) ?? []
    expect(refs.length, panel.title).toBeGreaterThan(0)
    expect(new Set(refs).size).toBe(refs.length)
    expect(panel.gridPos.x + panel.gridPos.w).toBeLessThanOrEqual(24)
  }
})
