'use server'

import { action } from '#app/_server/action.ts'
import { packageForm, savePackageAsTyped } from '#app/admin/packages/package-form.ts'

export const savePackage = action(packageForm, savePackageAsTyped)
