package ccproxy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirDeletionStrategy;

/// Deletes the temporary folders of all tests: again while somebody still writes there. What the
/// real CLI leaves running for a moment does, in its home.
public final class PatientDeletion implements TempDirDeletionStrategy {
    private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(10);

    @Override
    public DeletionResult delete(
            Path folder, AnnotatedElementContext element, ExtensionContext context)
            throws IOException {
        long until = System.nanoTime() + WAIT_NANOS;
        for (; ; ) {
            DeletionResult result = Standard.INSTANCE.delete(folder, element, context);
            if (result.isSuccessful() || System.nanoTime() > until) return result;
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
    }
}
