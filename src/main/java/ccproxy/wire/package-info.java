/// What is said: JSON, server-sent events, the parts of both formats that we branch on, errors, and
/// the digests that ids are made of. Only here: the JSON mapper. It knows no other package.
package ccproxy.wire;
