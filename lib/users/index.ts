export { emailField, nameField, reasonField } from './shared.ts'
export {
  createUser,
  disableUser,
  enableUser,
  findUserByEmail,
  getUser,
  lockUser,
  revokeAccessOf,
  setRole,
  signOutUser,
  type User,
  updateProfile,
  updateProfileInput,
} from './users.ts'
