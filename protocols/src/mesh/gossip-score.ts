import type { GossipsubOpts } from '@libp2p/gossipsub'
import type { PeerScoreParams } from '@libp2p/gossipsub/score'

export interface GossipScoreInit {
  /** True on networks of one machine: many honest peers share an address there. */
  loopback: boolean
  /** Peer ids that always have a good standing: the seeds a host was told to use. */
  trustedPeers?: readonly string[]
}

type Scoring = Pick<GossipsubOpts, 'scoreParams' | 'scoreThresholds'>
type TopicScore = NonNullable<PeerScoreParams['topics']>[string]

/** Score of a trusted peer: above the threshold at which peers are taken from its exchange. */
const TRUSTED_SCORE = 2_500

/** Peers behind one address that no network of homes or clouds exceeds by accident. */
const COLOCATION_THRESHOLD = 20

const HOUR_S = 3_600

/** Factor per second that brings a counter to 1 % after `seconds`. */
function decayOver(seconds: number): number {
  return 0.01 ** (1 / seconds)
}

/**
 * One topic's score: a little for time in the mesh and first deliveries, minus 100·n² for invalid messages,
 * so the sixth graylists. Delivery quotas of the mesh are off: our topics are quiet, and the defaults punish
 * every quiet topic.
 */
function topicScore(topic: string): TopicScore {
  return {
    topicWeight: topic.includes('/ctl/') ? 0.5 : 1,
    timeInMeshWeight: 0.00027,
    timeInMeshQuantum: 1_000,
    timeInMeshCap: HOUR_S,
    firstMessageDeliveriesWeight: 0.5,
    firstMessageDeliveriesDecay: decayOver(600),
    firstMessageDeliveriesCap: 100,
    meshMessageDeliveriesWeight: 0,
    meshMessageDeliveriesDecay: decayOver(600),
    meshMessageDeliveriesCap: 100,
    meshMessageDeliveriesThreshold: 20,
    meshMessageDeliveriesWindow: 10,
    meshMessageDeliveriesActivation: 5_000,
    meshFailurePenaltyWeight: 0,
    meshFailurePenaltyDecay: decayOver(HOUR_S),
    invalidMessageDeliveriesWeight: -100,
    invalidMessageDeliveriesDecay: decayOver(HOUR_S),
  }
}

/** Scores and thresholds in the shape Filecoin's Lotus uses (M-63). */
export function gossipScore(topics: readonly string[], init: GossipScoreInit): Scoring {
  const trusted = new Set(init.trustedPeers)
  return {
    scoreParams: {
      topics: Object.fromEntries(topics.map((topic) => [topic, topicScore(topic)])),
      topicScoreCap: 100,
      appSpecificScore: (peer) => (trusted.has(peer) ? TRUSTED_SCORE : 0),
      appSpecificWeight: 1,
      // With the default weight 24 peers on one machine delivered nothing at all to each other.
      IPColocationFactorWeight: init.loopback ? 0 : -10,
      IPColocationFactorThreshold: COLOCATION_THRESHOLD,
      behaviourPenaltyWeight: -10,
      behaviourPenaltyThreshold: 6,
      behaviourPenaltyDecay: decayOver(HOUR_S),
      decayInterval: 1_000,
      retainScore: 6 * HOUR_S * 1_000,
    },
    scoreThresholds: {
      gossipThreshold: -500,
      publishThreshold: -1_000,
      graylistThreshold: -2_500,
      acceptPXThreshold: 1_000,
      opportunisticGraftThreshold: 3.5,
    },
  }
}
