/** What a seed peer is started with and what it tells. */
export interface SeedConfig {
  /** Folder of the identity and peer store; its peer id survives restarts. */
  dataDir: string
  /** IP address to listen on. */
  host: string
  /** TCP and WebSocket ports; 0 picks free ones. */
  port: number
  wsPort: number
  /** Addresses to announce instead of the listening ones, for example behind NAT or a TLS proxy. */
  announce: readonly string[]
  /** A network on this machine: loopback addresses are kept in the DHT. */
  local: boolean
}

export interface Seed {
  /** Multiaddrs with the peer id, ready to paste into --seed. */
  addresses(): string[]
  readonly peerId: string
  /** Open connections now. */
  connections(): number
  stop(): Promise<void>
}
