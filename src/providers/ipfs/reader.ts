/** What reads blocks, directories and records of IPFS, with the packages that decode them. */
export { askIpnsRecord } from './ask-ipns.ts'
export { IpfsProof } from './ipfs-proof.ts'
export { verifyIpnsRecord } from './ipns.ts'
