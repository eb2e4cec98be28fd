/** A supervised process: what `control-channel.spec.ts` sends commands to. Says `gone` on stderr at its end. */
import { DuckMeshError } from '@duckmesh/protocols'
import { serveCommands } from '../../src/cli/control-channel.ts'

const alive = setInterval(() => undefined, 1_000)
const serve = (): void => {
  serveCommands(
    {
      double: ({ amount }) => Promise.resolve({ amount: BigInt(String(amount)) * 2n }),
      nothing: () => Promise.resolve(undefined),
      fail: () =>
        Promise.reject(
          new DuckMeshError('NOTHING_TO_REDEEM', 'No voucher.', {
            cause: new Error('outer', { cause: new Error('inner') }),
            details: { held: 0n },
          }),
        ),
      crash: () => Promise.reject(new TypeError('x is undefined')),
    },
    () => {
      process.stderr.write('gone')
      clearInterval(alive)
    },
  )
  if (process.connected) process.send?.('serving')
}
/** Nobody listens when the channel closes. */
const serveLate = (): void => {
  if (process.connected) setImmediate(serveLate)
  else serve()
}
if (process.argv[2] === 'late') serveLate()
else serve()
