package ccproxy.observe;

import ccproxy.wire.Usage;
import java.time.Instant;
import java.util.Objects;

/// One exchange that has ended, as the log, the metrics and the ledger see it. Made once, in one
/// place, so that the three cannot tell different stories.
///
/// @param at when it ended
/// @param context its id and who asked
/// @param request what came
/// @param status what went out; 499 when the client left
/// @param time how long it took
/// @param asked who was asked what
/// @param usage what was counted, bounded
/// @param cost what that costs
/// @param end how the answer ended
public record Finished(
        Instant at,
        RequestContext context,
        Request request,
        int status,
        Time time,
        Asked asked,
        Usage usage,
        Cost cost,
        End end) {
    /// Checks that every part is there.
    public Finished {
        Objects.requireNonNull(at);
        Objects.requireNonNull(context);
        Objects.requireNonNull(request);
        Objects.requireNonNull(time);
        Objects.requireNonNull(asked);
        Objects.requireNonNull(usage);
        Objects.requireNonNull(cost);
        Objects.requireNonNull(end);
    }

    /// {@return the name of the client's key, `""` when it has none}
    public String key() {
        return context.key();
    }

    /// What came.
    ///
    /// @param method of HTTP
    /// @param route the path with its variable parts named; of which there are so many
    public record Request(String method, String route) {}

    /// How long it took.
    ///
    /// @param nanos in all
    /// @param firstTokenNanos until the first of the answer's content, -1 when none came
    /// @param gaps between two events of a stream
    public record Time(long nanos, long firstTokenNanos, Gaps gaps) {
        long micros() {
            return nanos / 1000;
        }

        boolean hasFirstToken() {
            return firstTokenNanos >= 0;
        }

        long firstTokenMicros() {
            return firstTokenNanos / 1000;
        }
    }

    /// Who was asked.
    ///
    /// @param backend its name, `""` when nobody was asked
    /// @param model the name that the backend was asked for
    /// @param session `""` for none
    /// @param isStream whether the answer was wanted in events
    /// @param isTurn whether a model was to answer, rather than somebody to count
    /// @param isListed whether the model is one of those that are known
    public record Asked(
            String backend,
            String model,
            String session,
            boolean isStream,
            boolean isTurn,
            boolean isListed) {
        /// Nobody.
        public static final Asked NOBODY = new Asked("", "", "", false, false, false);
    }

    /// What it costs.
    ///
    /// @param isKnown whether there is a price
    /// @param nanos billionths of a US dollar
    public record Cost(boolean isKnown, long nanos) {
        /// There is no price.
        public static final Cost UNKNOWN = new Cost(false, 0);
    }

    /// How the answer ended.
    ///
    /// @param stopReason Claude's, `""` when it did not get that far
    /// @param error what went wrong, `""` for nothing
    public record End(String stopReason, String error) {}
}
