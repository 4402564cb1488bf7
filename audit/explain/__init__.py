"""Explain: why the ledger says what it says, in sentences, each with its evidence.

    explanation = explain(KafkaLog(broker), "conversions/3/17")
    for sentence in explanation.sentences:
        print(sentence.text, *sentence.evidence)

Nothing is taken from a note made at the time: what is explained is decided again from the
log, and the explanation is of that decision. Where the log says otherwise, that is said first.
"""

from audit.explain.explaining import UnknownSubject, explain
from audit.explain.story import Explanation, Sentence

__all__ = ["Explanation", "Sentence", "UnknownSubject", "explain"]
