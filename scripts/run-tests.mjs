/**
 * Runs every check and test of the repository, two at a time, and ends with `N passed, N failed`.
 *
 *   npm test                          all
 *   npm test -- --only unit,forge     some
 *   npm test -- --skip lock           all but some
 *
 * Exits 0 only when something ran and nothing failed. Output of a stage that passed is left out.
 */
import { endChildrenOnSignal, run } from './lib/process.mjs'
import { stages } from './lib/stages.mjs'

const PARALLEL = 2

/** Names after a flag, each known, or undefined when the flag is absent. */
function namesAfter(flag, args) {
  if (!args.includes(flag)) return undefined
  const names = (args[args.indexOf(flag) + 1] ?? '').split(',')
  const known = stages.map(({ name }) => name)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length === 0) return names
  console.error(`${flag} takes names of stages, separated by commas: ${known.join(', ')}`)
  process.exit(64)
}

function select(args) {
  const only = namesAfter('--only', args)
  const skip = namesAfter('--skip', args) ?? []
  return stages.filter(
    ({ name }) => (only === undefined || only.includes(name)) && !skip.includes(name),
  )
}

const indent = (text) => text.trimEnd().replace(/^(?=.)/gm, '    ')

/** Runs one stage, prints its line, and returns its counts. */
async function runStage(stage) {
  console.log(`...  ${stage.title}`)
  const [command, ...args] = stage.run
  const result = await run(command, args, {
    timeoutMs: stage.timeoutMs,
    env: { FORCE_COLOR: undefined, NO_COLOR: '1' },
  })
  const counts = stage.count(result)
  const ok = counts.failed === 0
  const detail = counts.passed + counts.failed + counts.skipped > 1 ? `, ${describe(counts)}` : ''
  console.log(
    `${ok ? 'ok  ' : 'FAIL'} ${stage.title} (${stage.name}, ${result.seconds.toFixed(1)} s${detail})`,
  )
  if (!ok)
    console.log(
      indent(stage.failures(result.output) || `ended with status ${result.code} and no output`),
    )
  return counts
}

const describe = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

/** Starts stages in order, at most two together, honouring `after` and `last`. */
async function runAll(selected) {
  const waiting = [...selected]
  const active = new Map()
  const counts = []
  const mayStart = (stage) =>
    active.size < PARALLEL &&
    ![...waiting, ...active.keys()].some(
      (other) => stage.after.includes(other.name) || (stage.last && !other.last),
    )
  while (waiting.length + active.size > 0) {
    for (let next; (next = waiting.find(mayStart)) !== undefined;) {
      const stage = next
      waiting.splice(waiting.indexOf(stage), 1)
      active.set(
        stage,
        runStage(stage).then((found) => {
          counts.push(found)
          active.delete(stage)
        }),
      )
    }
    await Promise.race(active.values())
  }
  return counts
}

const sum = (counts, key) => counts.reduce((total, found) => total + found[key], 0)

// Longer than the scripts take to end their own children and remove what they unpacked.
endChildrenOnSignal(10_000)
const started = process.hrtime.bigint()
const selected = select(process.argv.slice(2))
const counts = await runAll(selected)
const total = {
  passed: sum(counts, 'passed'),
  failed: sum(counts, 'failed'),
  skipped: sum(counts, 'skipped'),
}
const seconds = Number(process.hrtime.bigint() - started) / 1e9
console.log(`\n${selected.length} stages in ${seconds.toFixed(0)} s`)
console.log(describe(total))
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
