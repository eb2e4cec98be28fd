/** A viem account as the `Signer` of orders, awards and vouchers. */
import { DuckMeshError, lowerHex } from '@duckmesh/protocols'
import type { Hex, Signer } from '@duckmesh/protocols'
import type { LocalAccount } from 'viem'

/**
 * Wraps an account that can sign digests by itself (`privateKeyToAccount`, `mnemonicToAccount`, …).
 * Throws CONFIG_INVALID for one that cannot: a wallet that asks for each signature cannot pay per step.
 */
export function accountSigner(account: LocalAccount): Signer {
  const { sign } = account
  if (sign === undefined) {
    throw new DuckMeshError(
      'CONFIG_INVALID',
      'The account cannot sign digests by itself; use a local account.',
    )
  }
  return {
    address: lowerHex(account.address),
    signDigest: (digest: Hex) => sign({ hash: digest }),
  }
}
