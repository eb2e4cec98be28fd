/** Which nodes of a graph really ran on a device: read from the runtime's own trace. */
import { z } from 'zod'

/** What the trace calls the processor. */
const PROCESSOR = 'CPUExecutionProvider'

/** Events that are no runs of nodes have none of this. */
const nodeRun = z.object({
  cat: z.literal('Node'),
  name: z.string().endsWith('_kernel_time'),
  /** Microseconds. */
  dur: z.number().nonnegative(),
  args: z.object({ provider: z.string(), node_index: z.string() }),
})

/** Where the nodes of a graph ran, after the runtime had optimised it. */
export interface NodePlacement {
  readonly nodes: number
  /** Those that ran on the device; the rest ran on the processor. */
  readonly deviceNodes: number
  /** Share of the nodes' time that passed on the device, 0 to 1: of devices that queue work, the time of handing it over. */
  readonly deviceTime: number
}

/** @param trace the parsed file that a session writes when it is made with enableProfiling */
export function placementOf(trace: unknown): NodePlacement {
  const events = Array.isArray(trace) ? (trace as unknown[]) : []
  const runs = events.flatMap((event) => {
    const { data } = nodeRun.safeParse(event)
    return data === undefined ? [] : [data]
  })
  const onDevice = runs.filter(({ args }) => args.provider !== PROCESSOR)
  const [time, deviceTime] = [runs, onDevice].map((some) =>
    some.reduce((sum, { dur }) => sum + dur, 0),
  )
  return {
    nodes: distinct(runs),
    deviceNodes: distinct(onDevice),
    deviceTime: time ? (deviceTime ?? 0) / time : 0,
  }
}

function distinct(runs: readonly z.output<typeof nodeRun>[]): number {
  return new Set(runs.map(({ args, name }) => `${args.node_index} ${name}`)).size
}
