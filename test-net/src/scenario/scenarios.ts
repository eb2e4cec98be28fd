/** What `npm start -- --scenario NAME` can play, by name. */
import type { Devnet } from '../devnet.ts'
import { runEquivocation } from './equivocation.ts'
import type { LinePrinter } from './interface.ts'

/** Plays on a network that runs; resolves to what `--json` prints. */
export type Scenario = (net: Devnet, printer: LinePrinter) => Promise<object>

export const SCENARIOS: Readonly<Record<string, Scenario>> = { equivocation: runEquivocation }
