/** The configuration of a node: every option, its range and its default. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { Hex } from 'viem'
import { z } from 'zod'
import { DEVICES } from '../engine/device/device.ts'
import { MAX_THREADS } from '../engine/device/choose-threads.ts'
import { backendSchema, haveDistinctNames } from './backend-schema.ts'

/** Largest amount on the wire (uint96), wei. */
const MAX_AMOUNT = 2n ** 96n - 1n

const address: z.ZodType<Hex, string> = z
  .string()
  .regex(/^0x[0-9a-f]{40}$/i, 'expected an address: 0x and 40 hex digits')
  .transform((text) => text.toLowerCase() as Hex)

const wei: z.ZodType<bigint, string> = z
  .string()
  .regex(/^[0-9]{1,29}$/, 'expected wei as a string of decimal digits')
  .transform(BigInt)
  .refine((amount) => amount <= MAX_AMOUNT, 'expected at most 2^96 - 1 wei')

const rpc: z.ZodType<string, string> = z.url({
  protocol: /^https?$/,
  error: 'expected an http or https address',
})

/** 0 lets the system choose. */
const port = z.int().min(0).max(65_535)

const seed = z.string().refine(isPeerAddress, 'expected a multiaddr, e.g. /ip4/127.0.0.1/tcp/3825')

const folder: z.ZodType<string, string> = z
  .string()
  .min(1)
  .transform((path) => resolve(path))

const network = z.strictObject({
  chainId: z.int().min(1),
  rpc,
  /** ProviderRegistry; with the chain id it names the network (SCHEMAS "Names"). */
  registry: address,
  market: address,
  token: address,
  /** Short durations, loopback addresses and raw keys; never for a public network. */
  local: z.boolean().default(false),
})

const listen = z.strictObject({
  host: z.union([z.ipv4(), z.ipv6()]).default('127.0.0.1'),
  tcp: port.default(3825),
  ws: port.default(3826),
})

const keys = z.strictObject({
  keystore: folder.optional(),
  passwordFile: folder.optional(),
  /** Local network only. */
  privateKey: z.string().optional(),
})

const provider = z.strictObject({
  /** Who staked and delegated to this node's operator key. */
  owner: address,
  /** Wei per 1 000 tokens of prompt. */
  priceIn: wei,
  /** Wei per 1 000 tokens of answer. */
  priceOut: wei,
  /** Segments served at once; one payer may have as many open (D-6), and the engine draws them together. */
  slots: z.int().min(1).max(256).default(16),
  modelsDir: folder,
  /**
   * Exactly these are served: a folder (with a slash or a dot in front), or a name, CID or id in the model
   * store. Left out: Duckling and whatever lies packed in `modelsDir`.
   */
  models: z.array(z.string().min(1)).min(1).optional(),
  /** Models behind endpoints that speak OpenAI's chat API; 32 at most, so that they fit into one offer. */
  backends: z
    .array(backendSchema(wei))
    .max(32)
    .refine(haveDistinctNames, 'two backends have the same name')
    .optional(),
})

const gateway = z.strictObject({
  /** Only addresses of this machine: whoever reaches the gateway spends this node's money. */
  host: z.string().min(1).default('127.0.0.1'),
  port: port.default(3828),
  /** The account that pays for requests; without one the gateway lists models and refuses chats. */
  keystore: folder.optional(),
  passwordFile: folder.optional(),
  /** Local network only. */
  privateKey: z.string().optional(),
})

/** As much as the contract lets a relay take. */
const basisPoints = z.int().min(0).max(100).default(0)

const redeem = z.strictObject({
  /** Oldest unredeemed voucher before a redemption is sent, ms. */
  afterMs: z.int().min(0).default(3_600_000),
  /** Or this many channels with something to redeem. */
  minVouchers: z.int().min(1).max(256).default(64),
  /** Who redeems for this provider together with others: an owner address or a peer id; `none` redeems alone. */
  relay: z
    .union([z.literal('none'), address, z.string().refine(isPeerId)], {
      error: "expected 'none', an owner address or a peer id",
    })
    .default('none'),
  /** What this provider agreed to pay it, hundredths of a per cent of what is redeemed. */
  relayFeeBps: basisPoints,
})

const relay = z.strictObject({
  /** Whether this node redeems for others, at its own expense of gas. */
  enabled: z.boolean().default(false),
  /** What it takes for that, hundredths of a per cent of what is redeemed. */
  feeBps: basisPoints,
  /** How long it gathers requests for one transaction, ms. */
  gatherMs: z.int().min(0).max(10_000).default(2_000),
})

const evidence = z.strictObject({
  /** Whether this node's operator pays for transactions that prove faults of others; it gets a fifth of the slash. */
  submit: z.boolean().default(true),
})

const models = z.strictObject({
  /** Whether other peers may fetch the models that are here, at most 64 MiB a second all together. */
  share: z.boolean().default(true),
})

const engine = z.strictObject({
  /** Where models are computed. What runs elsewhere than on the cpu is offered as opaque. */
  device: z.enum(DEVICES).default('cpu'),
  /** Of one run of a graph; auto goes by the size of the model and leaves a core to the rest of the node. */
  threads: z.union([z.literal('auto'), z.int().min(1).max(MAX_THREADS)]).default('auto'),
})

const log = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'silent']).default('info'),
  /** JSON lines also on a terminal. */
  json: z.boolean().default(false),
})

/** The tree of options as a file may give it. */
export const configSchema: z.ZodType<Config> = z.strictObject({
  network,
  seeds: z.array(seed).default([]),
  listen: listen.prefault({}),
  dataDir: folder.prefault(() => join(homedir(), '.duckmesh')),
  /** `models` in the data folder when left out. */
  modelStore: folder.optional(),
  models: models.prefault({}),
  engine: engine.prefault({}),
  keys: keys.prefault({}),
  provider: provider.optional(),
  gateway: gateway.prefault({}),
  redeem: redeem.prefault({}),
  relay: relay.prefault({}),
  evidence: evidence.prefault({}),
  log: log.prefault({}),
})

/** A checked configuration: addresses in lower case, amounts in wei, folders absolute. */
export interface Config {
  network: z.output<typeof network>
  seeds: string[]
  listen: z.output<typeof listen>
  dataDir: string
  modelStore?: string | undefined
  models: z.output<typeof models>
  engine: z.output<typeof engine>
  keys: z.output<typeof keys>
  provider?: z.output<typeof provider> | undefined
  gateway: z.output<typeof gateway>
  redeem: z.output<typeof redeem>
  relay: z.output<typeof relay>
  evidence: z.output<typeof evidence>
  log: z.output<typeof log>
}

function isPeerAddress(text: string): boolean {
  try {
    return multiaddr(text).getComponents().length > 0
  } catch {
    return false
  }
}

/** A peer of the mesh is an Ed25519 key (docs/spec/mesh.md, M-5). */
function isPeerId(text: string): boolean {
  try {
    return peerIdFromString(text).type === 'Ed25519'
  } catch {
    return false
  }
}
