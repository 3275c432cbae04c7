'use server'

import { adminAction } from '#app/_server/action.ts'
import { packageForm, savePackageAsTyped } from '#app/admin/packages/package-form.ts'

export const savePackage = adminAction(packageForm, savePackageAsTyped)
