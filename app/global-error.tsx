'use client'

import '#app/globals.css'

/** Stands in when even the root layout failed: knows no language and no catalogue, so it speaks both. */
export default function GlobalError({ error }: { error: Error & { digest?: string } }) {
  return (
    <html lang="en">
      <body>
        <title>Undefined Behavior</title>
        <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center gap-3 px-6 py-12">
          <h1 className="font-semibold text-xl">The service cannot answer right now</h1>
          <p className="text-muted">Your conversations and credits are safe. Try again in a minute.</p>
          <p className="text-muted" lang="zh-CN">
            服务暂时无法响应。你的会话和积分都很安全，请过一分钟再试。
          </p>
          <p className="mt-2">
            {/* A plain link loads the page anew, which a client-side transition would not. */}
            <a className="text-accent underline underline-offset-4" href="/">
              Try again · <span lang="zh-CN">重试</span>
            </a>
          </p>
          {error.digest && <p className="text-muted text-sm">{error.digest}</p>}
        </main>
      </body>
    </html>
  )
}
