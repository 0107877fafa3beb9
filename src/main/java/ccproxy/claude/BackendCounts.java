package ccproxy.claude;

import ccproxy.observe.Histogram;
import java.util.Map;

/// What happened in the backends so far, for whoever watches the server.
///
/// @param upstreamResponses backend → status → how often; status `none` is no answer at all
/// @param upstreamConnections open to the API, in use or kept
/// @param sessions state → how many
/// @param sessionWaits backend → how long turns waited for their session
/// @param cli what CLI processes did
public record BackendCounts(
        Map<String, Map<String, Long>> upstreamResponses,
        long upstreamConnections,
        Map<String, Long> sessions,
        Map<String, Histogram.Snapshot> sessionWaits,
        Cli cli) {
    /// What CLI processes did.
    ///
    /// @param running processes now
    /// @param events what happened → how often
    /// @param waits how long requests waited for a process
    public record Cli(long running, Map<String, Long> events, Histogram.Snapshot waits) {}
}
