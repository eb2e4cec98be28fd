/** Limits a host passes to libp2p, as plain data for the composition roots (M-64, libp2p.md §5). */
export interface HostLimits {
  /** `connectionManager` of createLibp2p. */
  connectionManager: {
    maxConnections: number
    /** New connections per second and remote address. */
    inboundConnectionThreshold: number
    maxIncomingPendingConnections: number
    maxParallelDials: number
    maxDialQueueLength: number
    maxPeerAddrsToDial: number
  }
  /** Options of `yamux()`. */
  yamux: {
    maxInboundStreams: number
    maxOutboundStreams: number
    maxEarlyStreams: number
    streamOptions: {
      maxStreamWindowSize: number
      maxReadBufferLength: number
      maxWriteBufferLength: number
    }
  }
  /** Options of `node.handle` and `dialProtocol`, per protocol and connection. */
  protocolStreams: { maxInboundStreams: number; maxOutboundStreams: number }
  /** Options of `ping()`, per connection. */
  ping: { maxInboundStreams: number; maxOutboundStreams: number }
}

export type HostRole = 'peer' | 'client' | 'seed'

/**
 * A window may grow to 1 MiB, a quarter of the read buffer: a remote that fills its whole window while we are
 * paused stays below the length at which libp2p resets the stream (its default window, 16 MiB, does not).
 */
const STREAM_OPTIONS = {
  maxStreamWindowSize: 1_048_576,
  maxReadBufferLength: 4_194_304,
  maxWriteBufferLength: 4_194_304,
}

/**
 * libp2p closes a connection when its ping every 10 s fails, and with the default of one stream it fails while the DHT's
 * ping of a new contact is not closed yet, which takes a busy remote as long: with it goes every job on the connection.
 */
const PING_STREAMS = { maxInboundStreams: 8, maxOutboundStreams: 8 }

const LIMITS: Record<HostRole, HostLimits> = {
  peer: {
    connectionManager: {
      // 0.21 MiB each: 32 MiB when full; a mesh of degree 12 and its clients fit.
      maxConnections: 150,
      // Default 5 drops honest peers behind one address, and every local network.
      inboundConnectionThreshold: 50,
      // Default 10: a start of 64 peers at once must get through.
      maxIncomingPendingConnections: 64,
      maxParallelDials: 16,
      maxDialQueueLength: 128,
      maxPeerAddrsToDial: 8,
    },
    // One long stream per protocol and peer; 64 leaves room for what is closing and for DHT queries.
    yamux: {
      maxInboundStreams: 64,
      maxOutboundStreams: 64,
      maxEarlyStreams: 10,
      streamOptions: STREAM_OPTIONS,
    },
    protocolStreams: { maxInboundStreams: 16, maxOutboundStreams: 16 },
    ping: PING_STREAMS,
  },
  client: {
    connectionManager: {
      // Two or three seeds and the providers of one model.
      maxConnections: 30,
      inboundConnectionThreshold: 5,
      maxIncomingPendingConnections: 4,
      maxParallelDials: 8,
      maxDialQueueLength: 64,
      maxPeerAddrsToDial: 8,
    },
    yamux: {
      maxInboundStreams: 16,
      maxOutboundStreams: 64,
      maxEarlyStreams: 4,
      streamOptions: STREAM_OPTIONS,
    },
    protocolStreams: { maxInboundStreams: 4, maxOutboundStreams: 16 },
    ping: PING_STREAMS,
  },
  seed: {
    connectionManager: {
      // About 420 MiB when full: the size of a small machine.
      maxConnections: 2_000,
      inboundConnectionThreshold: 50,
      // A seed is what everybody dials first, also after its own restart.
      maxIncomingPendingConnections: 256,
      maxParallelDials: 16,
      maxDialQueueLength: 256,
      maxPeerAddrsToDial: 8,
    },
    // Thousands of remotes: few streams each.
    yamux: {
      maxInboundStreams: 32,
      maxOutboundStreams: 32,
      maxEarlyStreams: 4,
      streamOptions: STREAM_OPTIONS,
    },
    protocolStreams: { maxInboundStreams: 8, maxOutboundStreams: 8 },
    ping: PING_STREAMS,
  },
}

/** Limits of a host by its role; a fresh copy, because libp2p keeps what it is given. */
export function hostLimits(role: HostRole): HostLimits {
  return structuredClone(LIMITS[role])
}
