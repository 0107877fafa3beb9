package ccproxy.http;

import ccproxy.claude.Prices;
import ccproxy.observe.Finished;
import ccproxy.observe.Gaps;
import ccproxy.observe.RequestContext;
import ccproxy.observe.Trace;
import ccproxy.wire.Usage;
import java.time.Instant;
import java.util.OptionalLong;

/// What is known of one exchange while it runs; [#finished] makes of it the one record that the
/// log, the metrics and the ledger are told. For one thread.
final class AccessLog {
    private final long startNanos = System.nanoTime();
    private final RequestContext context;
    private final String method;
    private final Route route;
    private long firstTokenNanos;
    private Finished.Asked asked = Finished.Asked.NOBODY;
    private Prices prices = Prices.BUILT_IN;
    private Gaps gaps = Gaps.NONE;
    private Usage usage = Usage.NONE;
    private String stopReason = "";
    private String error = "";

    AccessLog(RequestContext context, String method, Route route) {
        this.context = context;
        this.method = method;
        this.route = route;
    }

    /// Notes who answers what, and what that costs.
    void asked(Finished.Asked asked, Prices prices) {
        this.asked = asked;
        this.prices = prices;
        if (asked.isStream() && asked.isTurn()) gaps = new Gaps();
    }

    /// Notes that an event of the answer came.
    ///
    /// @param nanos now, on the clock of [System#nanoTime()]
    void event(long nanos) {
        gaps.event(nanos);
    }

    /// Notes that the first of the answer's content has come.
    void firstToken() {
        if (firstTokenNanos == 0) firstTokenNanos = System.nanoTime();
    }

    /// Notes what was counted.
    void counted(Usage usage, String stopReason) {
        this.usage = usage;
        this.stopReason = stopReason;
    }

    /// {@return what was counted}
    Usage usage() {
        return usage;
    }

    /// Notes what went wrong; the first thing counts.
    void failed(String error) {
        if (this.error.isEmpty()) this.error = error;
    }

    /// Ends a trace of the same.
    ///
    /// @param isGone whether the client left
    /// @param isStopped whether the server ended it
    void end(Trace trace, int status, boolean isGone, boolean isStopped) {
        String ended = error.isEmpty() ? "whole" : "failed";
        if (isStopped) ended = "stopped";
        trace.end(status, isGone ? "client left" : ended, error);
    }

    /// {@return all of it, now that it has ended}
    Finished finished(int status) {
        Usage counted = usage.bounded();
        long firstToken = firstTokenNanos == 0 ? -1 : firstTokenNanos - startNanos;
        return new Finished(
                Instant.now(),
                context,
                new Finished.Request(method, route.name()),
                status,
                new Finished.Time(System.nanoTime() - startNanos, firstToken, gaps),
                asked,
                counted,
                cost(counted),
                new Finished.End(stopReason, error));
    }

    /// An answer of which nothing was counted has no cost that could be told.
    private Finished.Cost cost(Usage counted) {
        if (!asked.isTurn() || counted.isNothing()) return Finished.Cost.UNKNOWN;
        OptionalLong nanos = prices.costNanos(asked.backend(), asked.model(), counted);
        return nanos.isPresent()
                ? new Finished.Cost(true, nanos.getAsLong())
                : Finished.Cost.UNKNOWN;
    }
}
