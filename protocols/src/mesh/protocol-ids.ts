/** Stream protocols of DESIGN §4; each carries length-prefixed protobuf frames. */

export const JOB_PROTOCOL = '/duckmesh/job/1.0.0'
export const CAPS_PROTOCOL = '/duckmesh/caps/1.0.0'
export const VERIFY_PROTOCOL = '/duckmesh/verify/1.0.0'
export const MARKET_PROTOCOL = '/duckmesh/market/1.0.0'
export const LIGHT_PROTOCOL = '/duckmesh/light/1.0.0'
export const RELAY_PROTOCOL = '/duckmesh/relay/1.0.0'
export const FETCH_PROTOCOL = '/duckmesh/fetch/1.0.0'
export const EVIDENCE_PROTOCOL = '/duckmesh/evidence/1.0.0'
export const KAD_PROTOCOL = '/duckmesh/kad/1.0.0'
