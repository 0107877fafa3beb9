package ccproxy.claude;

import ccproxy.observe.Log;
import ccproxy.wire.Json;
import java.io.IOException;
import java.time.Duration;
import tools.jackson.databind.node.ObjectNode;

/// Brings a turn to its end, so that its process can go on: waits for its result, interrupts it
/// when nobody waits for its answer any more, kills what does not hear, and takes everything of the
/// request from the process.
final class TurnEnd {
    /// How long a turn that nobody waits for any more may take to stop.
    static final Duration INTERRUPT_WAIT = Duration.ofSeconds(2);

    /// An answer that has come to its end is followed by its `result` within milliseconds.
    private static final Duration RESULT_WAIT = Duration.ofMillis(200);

    private final ClaudeProcess process;
    private final ProcessTurn turn;
    private final CliCounters counters;

    /// What becomes of a process after a turn.
    enum After {
        /// Everything of the request is taken from it, and another one may have it.
        CLEAR,
        /// It holds a conversation that will go on.
        KEEP,
        /// It is ended.
        END
    }

    TurnEnd(ClaudeProcess process, ProcessTurn turn, CliCounters counters) {
        this.process = process;
        this.turn = turn;
        this.counters = counters;
    }

    /// {@return whether the process is ready for what comes after the turn}
    ///
    /// @param isOver whether the turn's answer came to its end
    boolean isReadyFor(After after, boolean isOver) throws InterruptedException {
        if (isOver) turn.awaitEnd(RESULT_WAIT);
        if (!hasStopped()) return false;
        return switch (after) {
            case CLEAR -> isCleared();
            case KEEP -> true;
            case END -> false;
        };
    }

    private boolean hasStopped() throws InterruptedException {
        if (turn.isEnded()) return turn.hasResult();
        if (process.hasExited()) return false;
        counters.interrupts.increment();
        process.control().send(Json.object().put("subtype", "interrupt"));
        if (turn.awaitEnd(INTERRUPT_WAIT)) return turn.hasResult();
        counters.kills.increment();
        Log.warn("process killed: it did not stop").with("pid", process.pid()).write();
        process.kill();
        return false;
    }

    /// Takes the request's values, then the conversation. The CLI itself says whether it has begun
    /// anew: an old one counts on from what the last one cost.
    private boolean isCleared() throws InterruptedException {
        try {
            process.control().ask(CliRequest.blank(), ClaudeProcess.CONTROL_WAIT);
        } catch (IOException e) {
            Log.debug("process not cleared").with("error", e.getMessage()).write();
            return false;
        }
        ProcessTurn clearing = process.begin(CliLines.user("/clear"));
        clearing.discard();
        if (!clearing.awaitEnd(ClaudeProcess.CONTROL_WAIT) || !clearing.hasResult()) return false;
        ObjectNode raw = clearing.result().raw();
        return !raw.path("is_error").asBoolean(true) && raw.path("total_cost_usd").asDouble(1) == 0;
    }
}
