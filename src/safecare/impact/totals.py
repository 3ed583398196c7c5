"""What all services lose together, in the figures that a crisis staff counts in: beds, operations, appointments.

Which kinds of service count as what: theatres operate, clinics and day care give appointments, emergency departments
send elsewhere. Wards count by beds.
"""

from __future__ import annotations

import numpy as np

from safecare.cascade.care import Care
from safecare.cascade.simulate import Outcome
from safecare.cascade.words import Fact
from safecare.model.forecast import State, Totals
from safecare.model.hospital import Hospital

OPERATIONS = frozenset({"theatre", "endoscopy"})
APPOINTMENTS = frozenset({"outpatient", "vaccination", "imaging", "dialysis", "radiotherapy", "chemotherapy"})
EMERGENCIES = frozenset({"emergency"})


def totals(hospital: Hospital, outcome: Outcome, care: Care) -> Totals:
    """Return the mean totals over all samples of `outcome`, which costs `care`."""
    beds = operations = appointments = diversion = 0.0
    for row, service in enumerate(care.services):
        if service.beds:
            beds += float(care.peak[row].mean())
        if service.kind in OPERATIONS:
            operations += float(care.patients[row].mean())
        elif service.kind in APPOINTMENTS:
            appointments += float(care.patients[row].mean())
        elif service.kind in EMERGENCIES:
            weak = service.fallback_efficiency * service.capacity < service.arrivals
            diversion += float((care.hours_cut if weak else care.hours_down)[row].mean())
    records = sum(
        asset.records * float(np.isfinite(outcome.start(Fact(asset.id, State.EXPOSED))).mean())
        for asset in hospital.assets
        if asset.records
    )
    return Totals(beds=beds, operations=operations, appointments=appointments, diversion=diversion, records=records)
