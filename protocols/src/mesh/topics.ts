import { SHARDS } from '@duckmesh/proto'
import { DuckMeshError } from '../errors.ts'

/** What a topic carries: `jobs` job headers, `offers` offers, `ctl` peer bindings and heartbeats (M-3). */
export type TopicKind = 'jobs' | 'offers' | 'ctl'

export interface Topic {
  network: string
  kind: TopicKind
  shard: number
}

const KINDS: readonly TopicKind[] = ['jobs', 'offers', 'ctl']

const TOPIC = /^\/duckmesh\/([0-9]{1,16}-[0-9a-f]{8})\/(jobs|offers|ctl)\/(0|[1-9][0-9]?)$/

/** Name of a topic: `/duckmesh/<net>/<kind>/<shard>`. */
export function topicName(network: string, kind: TopicKind, shard: number): string {
  const name = `/duckmesh/${network}/${kind}/${String(shard)}`
  if (parseTopic(name) === null) {
    throw new DuckMeshError('FIELD_OUT_OF_RANGE', 'No topic has this network, kind and shard.', {
      details: { network, kind, shard },
    })
  }
  return name
}

/** The parts of a topic name, `null` for anything that is not exactly one of ours. */
export function parseTopic(name: string): Topic | null {
  const [, network, word, digits] = TOPIC.exec(name) ?? []
  const kind = KINDS.find((each) => each === word)
  const shard = Number(digits)
  if (network === undefined || kind === undefined || !(shard < SHARDS)) return null
  return { network, kind, shard }
}

/** Every topic of the given shards: what a host allows and subscribes (M-4). */
export function topicsOf(network: string, shards: readonly number[]): string[] {
  return shards.flatMap((shard) => KINDS.map((kind) => topicName(network, kind, shard)))
}

/** All shards, for hosts that serve or watch every model. */
export function allShards(): number[] {
  return Array.from({ length: SHARDS }, (_, shard) => shard)
}
