"""The Logboek Dataverwerkingen of Logius: which processing concerned whom, and when.

Off unless the settings name an endpoint. Off, nothing of OpenTelemetry is imported.
"""
