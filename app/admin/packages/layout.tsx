import type { ReactNode } from 'react'
import { ClientMessages } from '#app/_server/messages.tsx'

export default function PackagesLayout({ children }: { children: ReactNode }) {
  return <ClientMessages namespaces={['admin', 'adminMoney']}>{children}</ClientMessages>
}
