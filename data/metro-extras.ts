/** Codes of cities with several airports, placed at one of these: the biggest, or the most central. */
export const CITY_CODES: Readonly<Record<string, string>> = {
  ANK: 'ESB',
  BAK: 'GYD',
  BER: 'BER',
  BHZ: 'CNF',
  BJS: 'PEK',
  BUE: 'AEP',
  BUH: 'OTP',
  CAS: 'CMN',
  CHI: 'ORD',
  DTT: 'DTW',
  EAP: 'BSL',
  HOU: 'HOU',
  IZM: 'ADB',
  JKT: 'CGK',
  LON: 'LCY',
  MIL: 'LIN',
  MMA: 'MMX',
  MOW: 'DME',
  MLH: 'BSL',
  NYC: 'LGA',
  OSA: 'ITM',
  PAR: 'ORY',
  QDF: 'DAL',
  QHO: 'HOU',
  QLA: 'LAX',
  REK: 'RKV',
  RIO: 'SDU',
  ROM: 'CIA',
  SAO: 'CGH',
  SEL: 'GMP',
  SHA: 'SHA',
  SPK: 'CTS',
  STO: 'BMA',
  TCI: 'TFN',
  TYO: 'HND',
  WAS: 'DCA',
  YEA: 'YEG',
  YMQ: 'YUL',
  YTO: 'YYZ',
  THR: 'THR',
  ORL: 'MCO',
  NGO: 'NGO',
  VNO: 'VNO',
  IEV: 'IEV',
}

/** Codes that CDNs name places by, but that the airport list does not have, or no longer. */
export const PLACES: Readonly<Record<string, readonly [latitude: number, longitude: number]>> = {
  QWJ: [-22.74, -47.33], // Americana, Brazil: a name that Cloudflare made
  TXL: [52.56, 13.29], // Berlin Tegel, closed
  SXF: [52.38, 13.52], // Berlin Schönefeld, now a part of BER
  THF: [52.47, 13.4], // Berlin Tempelhof, closed
  QPG: [1.36, 103.91], // Singapore Paya Lebar
  MBW: [-37.98, 145.1], // Melbourne Moorabbin
  HEM: [60.25, 25.04], // Helsinki Malmi, closed
  CBF: [41.26, -95.76], // Council Bluffs, Iowa
  PAO: [37.46, -122.11], // Palo Alto
  ITJ: [-26.91, -48.66], // Itajaí, Brazil
  SOD: [-23.48, -47.49], // Sorocaba, Brazil
  CFC: [-26.79, -50.94], // Caçador, Brazil
  BNU: [-26.83, -49.09], // Blumenau, Brazil
  JDO: [-7.22, -39.27], // Juazeiro do Norte, Brazil
  BHY: [21.54, 109.29], // Beihai, China
  JXG: [30.75, 120.76], // Jiaxing, China
  WHU: [31.35, 118.4], // Wuhu, China
  JRG: [21.91, 84.05], // Jharsuguda, India
  LLK: [38.76, 48.81], // Lankaran, Azerbaijan
  ZDM: [31.9, 35.2], // Ramallah
  MRN: [35.82, -81.61], // Morganton, North Carolina, beside Google's Lenoir
  RPR: [21.18, 81.74], // Raipur, India
  CYS: [41.16, -104.81], // Cheyenne, Wyoming
}

/** Codes in use at CloudFront, Cloudflare, Fastly, Fly.io, Google and Azure that the table must not miss. */
export const USED_BY_CDNS = `
  AAE ABJ ABQ ACC ACX ADB ADD ADL AKL AKX ALA ALG AMD AMM AMS ANC ARI ARN ARU ASB ASK ASU ATH ATL AUS BAH BAQ BBI BCN
  BDL BEG BER BEY BFI BGI BGR BGW BHX BHY BKK BLR BMA BNA BNE BNU BOD BOG BOM BOS BRU BSB BSR BTH BTS BUD BUF BUR BWI
  BWN CAI CAN CAW CBF CBR CCP CCU CDG CEB CFC CGB CGK CGO CGP CGY CHC CHS CKG CLE CLO CLT CMB CMH CNF CNN CNX COK COR
  CPH CPT CRK CSX CTU CUR CWB CYS CZL DAC DAD DAL DAR DCA DEL DEN DFW DKR DLA DLC DLS DME DMM DOH DPS DTW DUB DUR DUS
  DXB EAT EBB EBL EDI EVN EWR EZE FCO FIH FJR FLN FOC FOR FRA FRU FSD FTY FUK FUO GBE GDL GEO GIG GND GNV GOT GRQ GRU
  GUA GUM GVA GYD GYE GYN HAK HAM HAN HBA HEL HET HFA HGH HHN HIO HKG HND HNL HRB HRE HYD HYN IAD IAH ICN IND ISB IST
  ISU ITJ ITM IXC JAX JDO JED JFK JHB JIB JNB JOG JOI JRG JSR JXG KBP KCH KEF KGL KHH KHI KHN KHV KIN KIV KIX KJA KLD
  KMG KNU KTM KTU KUL KWE KWI LAD LAS LAX LCA LCY LED LGA LGB LGW LHE LHR LHW LIM LIN LIS LLK LLW LOS LPB LPL LUN LUX
  LYS MAA MAD MAN MAO MBA MCI MCT MDE MDL MDW MED MEL MEM MEX MFE MFM MGM MIA MLE MLG MNL MPM MRN MRS MRU MSP MSQ MST
  MUC MXP NAG NBG NBO NJF NKG NNG NOU NQN NQZ NRT NUQ NVT OKA OKC OMA ORD ORF ORK ORN ORY OSL OTP OUA PAO PAP PAT PBH
  PBM PDK PDX PEK PER PHL PHX PIT PKX PMO PMW PNH PNQ POA POS PPT PRG PTY PVG PWK QRO RAO RDU REC RGN RIC RIX RPR RUH
  RUN SAN SAP SAT SCL SDQ SEA SFO SGN SHA SHE SIN SJC SJK SJO SJP SJU SJW SKG SKP SKX SLC SMF SOD SOF SSA SSE STI STL
  STP STR STV SUV SVO SVX SXV SYD SZV SZX TAO TAS TBS TEN TGU TIA TLH TLL TLV TNA TNR TPA TPE TSA TSN TUL TUN TXL TYN
  UDI UIO ULN URT VCP VIE VIX VNO VTE WAW WDH WHU WLG WRO WUH WUX XAP XFN XIY XNH XNN YHZ YOW YUL YUM YVR YWG YXE YYC
  YYZ ZAG ZDM ZHY ZRH
`
  .trim()
  .split(/\s+/)
