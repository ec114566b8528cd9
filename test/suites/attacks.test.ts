import { suite } from '../helpers/suite.ts'

await suite(
  'scenarios/{http2-attacks,slow-attacks,limits,bad-input,log-injection,misbehaving-cdn,secrets,tls,acme,admin-reload}',
  'acme/*',
)
