package ccproxy.http;

import ccproxy.observe.Observers;
import java.util.Collection;

/// What there is to see of a server, whatever configuration it answers with.
///
/// @param observers who are told of what has ended
/// @param running what has not; others change it
/// @param load what it carries
record Observed(Observers observers, Collection<Exchange> running, Load load) {}
