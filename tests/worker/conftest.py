from tests.factories.workers import start_worker

__all__ = ["start_worker"]
