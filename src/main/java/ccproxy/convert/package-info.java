/// One format as the other: pure functions. No I/O, no clock, no threads, no state beyond one
/// answer.
package ccproxy.convert;
