// The process of a crew: does what it is told, one thing after another, and answers.
import type { Order, Report } from './crew.js'
import { Returners } from './returners.js'

const returners = new Returners()

process.on('message', async ({ id, name, input }: Order) => {
  const work = returners[name] as (...input: unknown[]) => Promise<unknown>
  const report: Report = await work.apply(returners, input).then(
    (result) => ({ id, result }),
    (error) => ({ id, error: String(error) }),
  )
  process.send?.(report)
})
process.once('disconnect', () => process.exit(0))
