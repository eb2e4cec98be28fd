import { DuckMeshError } from '../errors.ts'
import { PROTOCOL_VERSION } from './constants.ts'
import type { NetworkIdentity } from '../components.ts'
import type { BindingBook } from './binding-book.ts'
import type { VerifiedHello } from './interface.ts'
import type { ClientBinding, Hello, Hex, PeerBinding, SignedVoucher } from '@duckmesh/proto'

/** What a side says about itself besides version and network. */
export interface HelloParts {
  peer?: PeerBinding
  client?: ClientBinding
  /** Highest voucher held of the payer that dialled, so that a client that lost its state can go on. */
  lastVoucher?: SignedVoucher
  /** Sum of receipts on that channel, wei. */
  due?: bigint
}

/** Binding that the other side must bring: `any` takes either one, `none` also a stranger. */
export type HelloRole = 'peer' | 'client' | 'any' | 'none'

/** What a hello is judged by. */
export interface HelloRules {
  network: NetworkIdentity
  bindings: BindingBook
}

/** The first frame of this side (M-50). */
export function buildHello(network: NetworkIdentity, parts: HelloParts): Hello {
  return { version: PROTOCOL_VERSION, network: network.name, ...parts, due: parts.due ?? 0n }
}

/**
 * Checks version, network and bindings of the other side's hello (M-51 to M-53). Every binding that is
 * there must be valid; the one of `expect` must be there.
 *
 * @param remoteKey key proved by the connection
 * @throws DuckMeshError VERSION_UNSUPPORTED, WRONG_NETWORK, BINDING_UNKNOWN when it is missing, or as `BindingBook`
 */
export function verifyHello(
  hello: Hello,
  remoteKey: Hex,
  expect: HelloRole,
  rules: HelloRules,
): VerifiedHello {
  if (hello.version !== PROTOCOL_VERSION) {
    throw new DuckMeshError('VERSION_UNSUPPORTED', `Hello version ${String(hello.version)}.`)
  }
  if (hello.network !== rules.network.name) {
    throw new DuckMeshError('WRONG_NETWORK', `The other side is not of ${rules.network.name}.`)
  }
  requireRole(hello, expect)
  const verified: VerifiedHello = { hello }
  if (hello.peer) {
    const { binding } = rules.bindings.verifyPeer(hello.peer, remoteKey)
    verified.operator = binding.operator
    verified.encKey = binding.encKey
  }
  if (hello.client) {
    verified.payer = rules.bindings.verifyClient(hello.client, remoteKey).binding.payer
  }
  return verified
}

function requireRole(hello: Hello, expect: HelloRole): void {
  const has = {
    peer: hello.peer !== undefined,
    client: hello.client !== undefined,
    any: hello.peer !== undefined || hello.client !== undefined,
    none: true,
  }
  if (has[expect]) return
  throw new DuckMeshError('BINDING_UNKNOWN', 'The hello lacks the binding of its role.', {
    details: { expected: expect },
  })
}
