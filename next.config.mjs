import { PHASE_PRODUCTION_SERVER } from 'next/constants.js'

const securityHeaders = [
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'Referrer-Policy', value: 'same-origin' },
  { key: 'Permissions-Policy', value: 'camera=(), geolocation=(), microphone=(), payment=(), usb=()' },
  { key: 'Cross-Origin-Resource-Policy', value: 'same-origin' },
]

// For answers that are no document, and for a document that proxy.ts overlooked; its own policy replaces this one.
const closedPolicy = {
  key: 'content-security-policy',
  value: "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}

// Forms and nothing else: all of it is held in memory before anybody asks who sends it.
const FORM_LIMIT = '200kb'

/** @type {import('next').NextConfig} */
const config = {
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
  // The types are checked by `npm run check`, with a compiler that Next does not know yet.
  typescript: { ignoreBuildErrors: true },
  // Our own server decides which hosts are welcome; phones on the network must reach the development server too.
  allowedDevOrigins: ['**.local', '192.168.*.*', '10.*.*.*', '172.*.*.*'],
  // Packages that only the server uses are loaded from node_modules as they are: bundling them four times over
  // (routes, pages, instrumentation, proxy) took most of a build.
  serverExternalPackages: ['drizzle-orm', 'gpt-tokenizer', 'openai', 'stripe', 'undici'],
  // No picture of ours needs it, and anybody could have it work; merely asked, it would make a folder for its cache.
  images: { unoptimized: true, maximumDiskCacheSize: 0 },
  experimental: {
    serverSourceMaps: false,
    turbopackSourceMaps: false,
    proxyClientMaxBodySize: FORM_LIMIT,
    serverActions: { bodySizeLimit: FORM_LIMIT },
  },
  headers: async () => [
    { source: '/:path*', headers: securityHeaders },
    { source: '/((?!_next/static/).*)', headers: [closedPolicy] },
  ],
}

/** What compiles the texts brings a compiler with it, which what only serves does without. */
export default async function configure(phase) {
  if (phase === PHASE_PRODUCTION_SERVER) return config
  const { default: createNextIntlPlugin } = await import('next-intl/plugin')
  return createNextIntlPlugin({
    requestConfig: './app/_server/i18n.ts',
    // Texts are compiled by the build: the compiler would weigh 5 kB on every page.
    experimental: { messages: { path: './lib/i18n/messages', format: 'json', precompile: true } },
  })(config)
}
