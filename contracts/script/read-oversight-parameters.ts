/** Reads what a parameter file says of disputes and votes. Whole numbers, as numbers or decimal strings. */
import { ContractError } from '../ts/errors.ts'
import type { DeployParameters, DisputeParameters, VotingParameters } from '../ts/interface.ts'
import { PUBLIC_DISPUTES, PUBLIC_VOTING } from '../ts/parameters.ts'

/** The part of a parameter file that this reads; each group may be left out, and each of its members. */
export interface OversightFile {
  disputeParameters?: Record<string, unknown>
  voting?: Record<string, unknown>
}

/** What is left out is as on a public network. Throws `PARAMETERS_INVALID` for anything but a known whole number. */
export function readOversightParameters(
  file: OversightFile,
): Pick<DeployParameters, 'disputeParameters' | 'voting'> {
  return {
    ...(file.disputeParameters && {
      disputeParameters: merged<DisputeParameters>(PUBLIC_DISPUTES, file.disputeParameters),
    }),
    ...(file.voting && { voting: merged<VotingParameters>(PUBLIC_VOTING, file.voting) }),
  }
}

function merged<T extends DisputeParameters | VotingParameters>(
  defaults: T,
  given: Record<string, unknown>,
): T {
  const unknown = Object.keys(given).find((name) => !(name in defaults))
  if (unknown !== undefined) throw refuse(`${unknown} is no parameter of disputes or votes.`)
  const entries = Object.entries(defaults).map(([name, value]: [string, number | bigint]) => {
    const text = JSON.stringify(given[name] ?? value.toString()).replaceAll('"', '')
    if (!/^[0-9]+$/.test(text)) throw refuse(`${name} is no whole number.`)
    return [name, typeof value === 'bigint' ? BigInt(text) : Number(text)] as const
  })
  return Object.fromEntries(entries) as unknown as T
}

const refuse = (message: string): ContractError =>
  new ContractError({ code: 'PARAMETERS_INVALID', args: [], message })
