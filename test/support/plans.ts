/** A node of EXPLAIN (ANALYZE, FORMAT JSON). */
type Plan = {
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Join Filter'?: number
  Plans?: Plan[]
}

/** Rows that a plan has touched, in all its nodes. */
export function touched(plan: Plan): number {
  const own =
    (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Join Filter'] ?? 0)) *
    plan['Actual Loops']
  return own + (plan.Plans ?? []).reduce((sum, child) => sum + touched(child), 0)
}
