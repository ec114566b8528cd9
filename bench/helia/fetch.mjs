// node fetch.mjs GATEWAY CID blocks|verified-fetch: fetches the file whenever a line comes in, and answers with what it cost.
import { createInterface } from 'node:readline'
import { trustlessGateway } from '@helia/block-brokers'
import { createHeliaHTTP } from '@helia/http'
import { httpGatewayRouting } from '@helia/routers'
import { unixfs } from '@helia/unixfs'
import { createVerifiedFetch } from '@helia/verified-fetch'
import { CID } from 'multiformats/cid'

const [gateway, cid, way] = process.argv.slice(2)
console.log(Object.keys({ trustlessGateway, createHeliaHTTP, httpGatewayRouting, unixfs, createVerifiedFetch, CID, createInterface }), gateway, cid, way)
