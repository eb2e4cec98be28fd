/** What providers do: register, stake, draw the election on, leave. */
import {
  PUBLIC_DURATIONS,
  addStake,
  commitOnion,
  reveal,
  startUnstake,
  withdrawStake,
} from '@duckmesh/contracts'
import { keccak256, stringToHex } from 'viem'
import type { Hex } from 'viem'
import { STAKE } from './amounts.ts'
import type { GasWorld } from './gas-world.ts'
import { GOALS } from './goals.ts'
import { enrol, register } from './redemption-operations.ts'

/** Measures the life of one provider; others registered before, so that nothing of the network is empty. */
export async function measureProviders(world: GasWorld): Promise<void> {
  const { addresses } = world
  await enrol(world, 'settler')
  const owner = await world.funded('newcomer')
  await world.nextSecond()
  const name = 'registerProvider (first stake, keys, place in the lists)'
  await world.measure({ name, goal: GOALS.firstStake }, register(world, owner, 'newcomer'))
  const amount = STAKE / 4n
  await world.passEpochs()
  await world.measure({ name: 'addStake, first' }, addStake(owner.client, { addresses, amount }))
  await world.passEpochs()
  await world.measure({ name: 'addStake, again' }, addStake(owner.client, { addresses, amount }))
  await measureOnion(world, 'newcomer')
  const leave = { addresses, amount: amount + 1n }
  await world.passEpochs()
  await world.measure({ name: 'startUnstake, first' }, startUnstake(owner.client, leave))
  await world.reach((await world.now()) + PUBLIC_DURATIONS.unbonding)
  const to = owner.address
  await world.measure({ name: 'withdrawStake' }, withdrawStake(owner.client, { addresses, to }))
}

/** One commitment and two reveals; of the first epoch is the earliest that counts the next one. */
async function measureOnion(world: GasWorld, name: string): Promise<void> {
  const { addresses } = world
  const owner = world.party(name)
  const core = keccak256(stringToHex('core'))
  const layers: [Hex, Hex] = [keccak256(core), core]
  const tip = keccak256(layers[0])
  await world.measure({ name: 'commitOnion' }, commitOnion(owner.client, { addresses, tip }))
  for (const [n, preimage] of layers.entries()) {
    await world.passEpochs()
    const hash = reveal(owner.client, { addresses, preimage })
    if (n === 0) await world.done(hash)
    else await world.measure({ name: 'reveal, again' }, hash)
  }
}
