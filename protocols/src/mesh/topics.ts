import { SHARDS } from '@duckmesh/proto'
import { DuckMeshError } from '../errors.ts'

/** What a topic of a shard carries: `jobs` job headers, `offers` offers, `ctl` peer bindings and heartbeats (M-3). */
export type TopicKind = 'jobs' | 'offers' | 'ctl'

export interface ShardTopic {
  network: string
  kind: TopicKind
  shard: number
}

/** The one topic of the whole network: notices of evidence (M-3). */
export interface NetworkTopic {
  network: string
  kind: 'evidence'
}

export type Topic = ShardTopic | NetworkTopic

const KINDS: readonly TopicKind[] = ['jobs', 'offers', 'ctl']

const SHARD_TOPIC = /^\/duckmesh\/([0-9]{1,16}-[0-9a-f]{8})\/(jobs|offers|ctl)\/(0|[1-9][0-9]?)$/
const NETWORK_TOPIC = /^\/duckmesh\/([0-9]{1,16}-[0-9a-f]{8})\/evidence$/

/** Name of a topic: `/duckmesh/<net>/<kind>/<shard>`. */
export function topicName(network: string, kind: TopicKind, shard: number): string {
  return parsable(`/duckmesh/${network}/${kind}/${String(shard)}`, { network, kind, shard })
}

/** Name of the topic of evidence: `/duckmesh/<net>/evidence`. */
export function evidenceTopic(network: string): string {
  return parsable(`/duckmesh/${network}/evidence`, { network })
}

/** The parts of a topic name, `null` for anything that is not exactly one of ours. */
export function parseTopic(name: string): Topic | null {
  const [, ofNetwork] = NETWORK_TOPIC.exec(name) ?? []
  if (ofNetwork !== undefined) return { network: ofNetwork, kind: 'evidence' }
  const [, network, word, digits] = SHARD_TOPIC.exec(name) ?? []
  const kind = KINDS.find((each) => each === word)
  const shard = Number(digits)
  if (network === undefined || kind === undefined || !(shard < SHARDS)) return null
  return { network, kind, shard }
}

/** Every topic of a host of the given shards, that of evidence last: what it allows and subscribes (M-4). */
export function topicsOf(network: string, shards: readonly number[]): string[] {
  const ofShards = shards.flatMap((shard) => KINDS.map((kind) => topicName(network, kind, shard)))
  return [...ofShards, evidenceTopic(network)]
}

/** All shards, for hosts that serve or watch every model. */
export function allShards(): number[] {
  return Array.from({ length: SHARDS }, (_, shard) => shard)
}

function parsable(name: string, details: Record<string, string | number>): string {
  if (parseTopic(name) !== null) return name
  const what = 'No topic has this network, kind and shard.'
  throw new DuckMeshError('FIELD_OUT_OF_RANGE', what, { details })
}
