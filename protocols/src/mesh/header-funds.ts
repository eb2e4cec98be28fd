/** Asks the chain view whether a payer has what a job header takes (M-72). */
import { DuckMeshError } from '../errors.ts'
import { HEADER_FLOOR_WEI } from './constants.ts'
import type { Funding } from './interface.ts'
import type { Hex } from '@duckmesh/proto'

/**
 * What the payer of a job header could spend, wei (M-72).
 *
 * @throws DuckMeshError UNFUNDED below the floor of 10 DUCK, CHAIN_UNREACHABLE when the chain view cannot tell
 */
export async function requireFunds(funding: Funding, payer: Hex): Promise<bigint> {
  const funds = await funding.fundsOf(payer)
  if (funds === 'unknown') {
    throw new DuckMeshError('CHAIN_UNREACHABLE', 'The funds of the payer are not known.')
  }
  if (funds < HEADER_FLOOR_WEI) {
    throw new DuckMeshError('UNFUNDED', 'The payer has less than a job header asks for.', {
      details: { payer, have: funds, need: HEADER_FLOOR_WEI },
    })
  }
  return funds
}
