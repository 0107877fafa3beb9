package ccproxy.observe;

import java.util.Objects;

/// Who is told of every exchange that has ended: the log, the metrics, the ledger. None of them
/// throws, and none makes an exchange wait for a disk.
///
/// @param metrics for who watches the server
/// @param ledger for who pays
public record Observers(Metrics metrics, Ledger ledger) {
    /// Checks that both are there.
    public Observers {
        Objects.requireNonNull(metrics);
        Objects.requireNonNull(ledger);
    }

    /// Tells all of them.
    public void ended(Finished done) {
        RequestLine.write(done);
        metrics.ended(done);
        if (done.asked().isTurn()) ledger.add(done);
    }
}
